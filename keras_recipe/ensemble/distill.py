"""One model that learns from the answers of several, by Keras's own `Distiller`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.average import LOOKED_AT, kinds_of
from keras_recipe.ensemble.clock import TimeBudget
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_rows import SeededRows
from keras_recipe.experiments.trial_run import Budget
from keras_recipe.loss import data_loss, predict
from keras_recipe.outputs import outputs_of
from keras_recipe.surgery.averages import own_arrays
from keras_recipe.surgery.optimizer import restarted
from keras_recipe.surgery.preserve import preserve, random_states
from keras_recipe.task import EXCLUSIVE, INDEPENDENT

#: Of logits: none, so that they teach what probabilities do. Hinton et al. 2015 need more for
#: teachers that are sure of everything, and Keras's default is 3. Measured as for
#: `student.PATIENCE`, a student at 3 has this much more loss than at 1: digits learned by
#: heart +0.004 (twice the steps: -0.005), digits whose training ends early +0.000 (+0.036).
TEMPERATURE = 1.0
HARD = 0.5  # share of the loss on the labels themselves; Keras's default
_FEATURES = {
    "categories": "kl_divergence",  # of probabilities: at temperature 1
    "chances": "binary_crossentropy",
    "values": "mean_squared_error",  # of logits, too: Ba and Caruana 2014
}


class _Learning(keras.distillation.Distiller):
    """Keras's Distiller, with the student's own compiled loss on the labels.

    The Distiller calls the loss on `(y, y_pred)` itself: `(n,)` against `(n, 1)` broadcasts,
    sample weights and penalties would be left out, and Keras 3.15 cannot take several losses.

    Args:
        hard: Share of the loss on the labels.
        *models: Teacher, student and the distillation losses.
    """

    def __init__(self, hard: float, *models: Any) -> None:
        super().__init__(*models, student_loss_weight=0.0)
        self._hard = hard

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,  # noqa: FBT001, FBT002  Keras's own
    ) -> Any:
        """Return the weighted sum of both losses."""
        own = self.student.compute_loss(x, y, y_pred, sample_weight)
        if self._hard == 1:
            return own
        soft = super().compute_loss(x=x, y=y, y_pred=y_pred, training=training)
        return self._hard * own + (1 - self._hard) * soft if self._hard else soft


@dataclass(frozen=True, kw_only=True)
class Distilled:
    """A student and how it learned.

    Attributes:
        model: The student, compiled as `build` does, trained.
        steps: Optimizer steps.
        stopped: Whether the clock ended it.
        notes: What to know of it.
    """

    model: Any
    steps: int
    stopped: bool
    notes: tuple[str, ...] = ()


def losses_of(model: Any, x: Any, temperature: float = TEMPERATURE) -> list[Any]:
    """Return Keras's distillation losses that fit the outputs of a model.

    `LogitsDistillation` puts a softmax over what it is given, so it fits logits only; where the
    model gives probabilities already it would be a second one. Those are compared as they are.

    Args:
        model: A compiled, built model.
        x: A few rows of inputs.
        temperature: For softmax logits.
    """
    outputs = predict(model, x)
    names = [
        _name(kind, one.loss)
        for kind, one in zip(kinds_of(model, x), outputs_of(model, outputs, []), strict=True)
    ]

    def packed(wanted: Sequence[str | None]) -> Any:
        return keras.tree.pack_sequence_as(outputs, list(wanted))

    found: list[Any] = []
    if "logits" in names:
        loss = packed(["kl_divergence" if name == "logits" else None for name in names])
        found.append(keras.distillation.LogitsDistillation(temperature, loss))
    if set(names) - {"logits"}:
        loss = packed([_FEATURES.get(name) for name in names])
        found.append(keras.distillation.FeatureDistillation(loss))
    return found


def _name(kind: str, loss: Any) -> str:
    if kind == "softmax":
        return "logits"
    if kind == "mean" and loss.name in EXCLUSIVE:
        return "categories"
    if kind == "mean" and loss.name in INDEPENDENT:
        return "chances"
    return "values"


def distil(
    teacher: Any,
    build: Any,
    train: Batch,
    budget: Budget,
    *,
    seed: int = 0,
    temperature: float = TEMPERATURE,
    hard: float = HARD,
) -> Distilled:
    """Train a fresh model on the labels and on what a teacher answers.

    The rows come in the order in which a `Trial` of the same seed sees them, and the weights
    start as its do, so that what the teacher is worth can be told from the training.

    Args:
        teacher: A compiled, built model, such as an `Ensemble`; it stays as it is.
        build: Makes the student, as `trial_model.maker` takes it: the teacher's inputs and
            outputs, and the loss it would have alone.
        train: Rows to train on.
        budget: How long; `steps` must be given.
        seed: Of weights and row order.
        temperature: For softmax logits (Hinton et al. 2015, section 2).
        hard: Share of the loss on the labels. 0.1 gains a little more where the teacher is
            better than its members, and loses twice as much where it is not; a share that rises
            to 1 (Clark et al. 2019) gains nothing.

    Raises:
        NotApplicable: Keras cannot distil these models; the message says why.
    """
    notes = []
    if train.sample_weight is not None:
        notes.append("sample and class weights count for the labels, not for the teacher")
    try:
        with preserve(teacher), random_states(seed):
            student = made(maker(build))
            few = train.take(slice(0, LOOKED_AT))
            if not student.built:
                student.predict_on_batch(few.x)
            learning = _Learning(hard, teacher, student, losses_of(student, few.x, temperature))
            learning.compile(restarted(student.optimizer), student.loss)
            data_loss(student, few, predict(student, few.x))  # builds the loss
            clock = TimeBudget(budget.seconds or math.inf)
            learning.fit(
                SeededRows(train, budget.batch_size, seed),
                epochs=1,
                steps_per_epoch=budget.steps,
                callbacks=[clock],
                shuffle=False,
                verbose=0,
            )
            own_arrays(learning)
    except Exception as error:  # Keras, the backend and the user's code each have their own
        msg = f"Keras cannot distil this model: {said(error)}"
        raise NotApplicable(msg) from error
    steps = int(keras.ops.convert_to_numpy(learning.optimizer.iterations))
    return Distilled(model=student, steps=steps, stopped=clock.ended, notes=tuple(notes))
