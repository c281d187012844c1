"""`keras-recipe demo`: the recipe on real digits, from the checklist to TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn import datasets

from keras_recipe.callbacks import (
    EarlyStopping,
    InputVisualizer,
    PredictionDynamics,
    RecipeTensorBoard,
)
from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.report import Report
from keras_recipe.core.settings import unknown
from keras_recipe.devices import sharing
from keras_recipe.model import RecipeModel
from keras_recipe.reports import console, write
from keras_recipe.tensorboard import board_command

EPOCHS = 12
BATCH_SIZE = 32
HELD_OUT = 397  # leaves 1400 of the 1797 digits for training
MOST_FIXES = 3
Split = tuple[np.ndarray, np.ndarray]


def _digits() -> tuple[Split, Split]:
    data = datasets.load_digits()
    x, y = (data.images / 16)[..., None].astype("float32"), data.target.astype("int32")
    order = np.random.default_rng(0).permutation(len(x))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    return (x[kept], y[kept]), (x[held], y[held])


def _fashion_mnist() -> tuple[Split, Split]:
    """Fashion-MNIST from the Keras home's `datasets` folder, downloaded if it is not there."""
    try:
        train, test = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # the download raises its own kinds of error
        msg = (
            "Fashion-MNIST is neither in the Keras home's datasets/fashion-mnist folder nor "
            f"can it be downloaded ({type(error).__name__}); use --dataset digits."
        )
        raise InputError(msg) from error
    scaled = [
        ((x / 255)[..., None].astype("float32"), y.astype("int32")) for x, y in (train, test)
    ]
    return scaled[0], scaled[1]


DATASETS: dict[str, Callable[[], tuple[Split, Split]]] = {
    "digits": _digits,
    "fashion-mnist": _fashion_mnist,
}


def network(shape: tuple[int, ...], *, broken: bool = False) -> keras.Model:
    """Return the small convnet of the demo, compiled.

    Args:
        shape: Shape of an image, `(height, width, 1)`.
        broken: Plant two faults: an output bias that is sure of class 0 before training, and
            a learning rate at which nothing moves.
    """
    bias = np.zeros(10, "float32")
    bias[0] = 8.0 * broken
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(32, 2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.get_layer("digit").bias.assign(bias)
    optimizer = keras.optimizers.SGD(1e-6) if broken else keras.optimizers.Adam(2e-3)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _mend(
    model: RecipeModel, report: Report, check: Callable[[], Report], say: Callable[[str], None]
) -> Report:
    """Apply the first fix that can be applied, look again, until nothing is left to apply."""
    for _ in range(MOST_FIXES):
        fixable = [r for r in report.failures if r.fix is not None and r.fix.action is not None]
        if not fixable:
            break
        finding = fixable[0]
        if finding.fix is not None:
            say(f"Applying the fix of {finding.code} {finding.name}: {finding.fix.text}")
            finding.fix.apply(model)
        report = check()
        say(f"Looking again: {report[finding.code].status}, {report[finding.code].message}")
    return report


def run(
    *,
    broken: bool = False,
    fix: bool = True,
    log_dir: str | Path = "runs/demo",
    dataset: str = "digits",
    say: Callable[[str], None] = print,
) -> Report:
    """Check, train and report; returns the last report.

    Args:
        broken: Start from the deliberately broken twin.
        fix: Apply the fixes that the report offers before training.
        log_dir: Folder for the TensorBoard log and the HTML report.
        dataset: `"digits"` (scikit-learn's, always there) or `"fashion-mnist"`.
        say: Shows one line of text.

    Raises:
        ConfigError: The data set's name is unknown.
        InputError: The log folder cannot be written or the data is not to be had.
    """
    if dataset not in DATASETS:
        raise unknown(dataset, DATASETS, "dataset")
    log_dir = Path(log_dir) / "broken" if broken else Path(log_dir)
    refuse_unwritable(log_dir, "--log-dir")
    keras.utils.set_random_seed(0)
    (x, y), held_out = DATASETS[dataset]()
    model = RecipeModel(network(x.shape[1:], broken=broken))
    plan: dict[str, Any] = {
        "validation_data": held_out,
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
    }

    def check() -> Report:
        report = model.check(x, y, **plan)
        say(console.render(report))
        return report

    say(f"Stages 1 and 2 on {len(x)} {dataset} images, before training")
    report = check()
    if not report.ok:
        say(f"Report before the fixes: {write(report, log_dir / 'before.html')}")
    if fix:
        report = _mend(model, report, check, say)
    say(f"Training {EPOCHS} epochs, watched")
    callbacks = [
        RecipeTensorBoard(log_dir, report=report, hparams={"batch_size": BATCH_SIZE}),
        EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True),
        InputVisualizer(),
        PredictionDynamics(held_out[0][:64], held_out[1][:64]),
    ]
    with sharing(BATCH_SIZE, len(x), len(held_out[0])) as reason:
        if reason:
            say(reason)
        history = model.fit(x, y, callbacks=callbacks, verbose=0, **plan)
    scores = model.evaluate(*held_out, batch_size=256, verbose=0, return_dict=True)
    error = (scores["accuracy"] * (1 - scores["accuracy"]) / len(held_out[0])) ** 0.5
    final = model.report or report
    say(console.render(final))
    say(
        f"{len(history.history['loss'])} epochs; held-out accuracy {scores['accuracy']:.3f} "
        f"(standard error {error:.3f} on all {len(held_out[0])} images)"
    )
    say(f"Report: {write(final, log_dir / 'report.html')}")
    say(f"TensorBoard: {board_command(log_dir)}")
    return final
