"""The short form of the demo: checklist, fixes, one watched training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from keras_recipe.callbacks import (
    EarlyStopping,
    InputVisualizer,
    PredictionDynamics,
    RecipeTensorBoard,
)
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.report import Report
from keras_recipe.demo.datasets import DATASETS
from keras_recipe.demo.networks import network
from keras_recipe.devices import sharing
from keras_recipe.model import RecipeModel
from keras_recipe.reports import console, write
from keras_recipe.tensorboard import board_command

EPOCHS = 12
BATCH_SIZE = 32
MOST_FIXES = 3


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


def examined(
    dataset: str,
    log_dir: Path,
    say: Callable[[str], None],
    *,
    broken: bool = False,
    fix: bool = True,
) -> Report:
    """Check, train and report; returns the last report.

    Args:
        dataset: A name in `DATASETS`.
        log_dir: Folder for the TensorBoard log and the HTML report.
        say: Shows one line of text.
        broken: Start from the deliberately broken twin.
        fix: Apply the fixes that the report offers before training.

    Raises:
        InputError: The log folder cannot be written or the data is not to be had.
        KeyboardInterrupt: Ctrl-C, among the checks as well.
    """
    log_dir = log_dir / "broken" if broken else log_dir
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
        if report.interrupted:  # then the training is not wanted either
            raise KeyboardInterrupt
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
