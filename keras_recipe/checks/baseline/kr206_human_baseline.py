from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.human import Answers, fingerprint
from keras_recipe.loss import predict
from keras_recipe.task import Task

COMMAND = "keras-recipe label module:factory"


def _model_accuracy(model: Any, task: Task, rows: Batch, answers: Answers) -> float:
    """Return the model's accuracy on the rows the person labelled; NaN if not known."""
    heads = [h for h in task.heads if h.kind in ("binary", "multiclass")]
    if not heads or fingerprint(rows) != answers.data:
        return float("nan")
    head = heads[0]
    few = rows.take(np.array(answers.rows))
    said = np.asarray(leaves(predict(model, few.x))[head.index]).reshape(len(few), -1)
    border = 0.0 if head.loss.from_logits or head.activation in ("linear", "tanh") else 0.5
    classes = said.argmax(-1) if head.units > 1 else (said[:, 0] > border).astype("int64")
    return float((classes == np.array(answers.truth)).mean())


@check("KR206", cost="forward")
def human_baseline(
    model: Any,
    task: Task,
    samples: dict[str, Batch],
    human: Answers,
    trained: bool,  # noqa: FBT001
    *,
    agreement: float = 0.6,
) -> Result:
    """A person has labelled a random sample twice, and agrees with themselves.

    Why:
        The accuracy of a person says what can be reached, and how far a person agrees with
        themselves how much of a label is opinion: no model is better than that.
    Fix:
        Label a sample, a few minutes: `keras-recipe label module:factory`.
    Tune:
        agreement: Cohen's kappa between the two rounds under which it WARNs; above 0.6 it is
            called substantial by Landis and Koch 1977.
    Source:
        Karpathy 2019, stage 2, "human baseline": annotate the test data twice, one as
        prediction and the other as ground truth.
    """
    if not human.said:
        msg = f"nobody has labelled a sample of this data yet; one command does: {COMMAND}"
        raise NotApplicable(msg)
    shares, kappa = human.accuracies(), human.kappa()
    person = float(np.mean(shares))
    error = (person * (1 - person) / max(len(human.rows), 1)) ** 0.5
    pace = float(np.median(human.seconds))
    text = f"a person is right on {person:.1%} (± {error:.1%}) of {len(human.rows)} examples"
    rows = samples.get(human.split)
    model_share = float("nan") if rows is None else _model_accuracy(model, task, rows, human)
    if trained and np.isfinite(model_share):
        text = f"{text}, the model on {model_share:.1%} of the same ones"
    text = f"{text}, at {pace:.1f} s each"
    if np.isfinite(kappa):
        text = f"{text}; Cohen's kappa between the two rounds is {kappa:.2f}"
    numbers = {
        "person": person,
        "rounds": shares,
        "model": model_share if trained and np.isfinite(model_share) else None,
        "kappa": kappa if np.isfinite(kappa) else None,
        "answers": len(human.said),
        "seconds": pace,
    }
    bars = {
        "kind": "bars",
        "title": "Accuracy on the same examples",
        "labels": ["person", *["model"] * (numbers["model"] is not None)],
        "values": [person, *[model_share] * (numbers["model"] is not None)],
        "xlabel": "accuracy",
    }
    fields: dict[str, Any] = {
        "measured": person,
        "unit": "accuracy",
        "where": human.split,
        "evidence": numbers,
        "pictures": [bars],
    }
    if np.isfinite(kappa) and kappa < agreement:
        return warned(
            text,
            expected=agreement,
            cause="The classes are hard to tell apart, or not well enough described.",
            fix=Fix(text="Describe the classes better, and label again.", code=COMMAND),
            **fields,
        )
    return passed(text, **fields)
