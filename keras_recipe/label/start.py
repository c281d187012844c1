"""From the user's program to a labelling session: which rows, which classes, which file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import leaves
from keras_recipe.data.human import FOLDER, Answers, fingerprint, new_answers
from keras_recipe.label.server import Server, Session, summary
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Head, Task

SUBJECT = ("model", "x", "y", "validation_data", "validation_split", "sample_weight", "task")


def classified(task: Task) -> Head:
    """Return the first output that says one class of each row.

    Raises:
        InputError: There is none.
    """
    for head in task.heads:
        exclusive = head.kind in ("binary", "multiclass") and head.structure == "sample"
        if exclusive and head.target is not None and head.labels is not None:
            return head
    msg = f"Only exclusive classes can be labelled; the task is {task.kind} ({task.reason})."
    raise InputError(msg)


def class_numbers(head: Head, y: np.ndarray) -> np.ndarray:
    """Return the class of each row by its label: its place among the head's classes."""
    y = np.asarray(y)
    if y.ndim > 1 and y.shape[-1] > 1:
        return y.argmax(-1)
    values = np.rint(y.reshape(len(y))).astype("int64")
    return (values > values.min()).astype("int64") if -1 in values else values


def _names(head: Head, truth: np.ndarray, given: Sequence[str]) -> list[str]:
    count = max(head.classes, int(truth.max()) + 1)
    if given and len(given) != count:
        msg = f"`names` must name the {count} classes. Received: {', '.join(given)}"
        raise InputError(msg)
    return list(given) or [str(number) for number in range(count)]


def session_for(
    arguments: Mapping[str, Any],
    *,
    samples: int = 50,
    names: Sequence[str] = (),
    output: Path | None = None,
    seed: int = 0,
) -> Session:
    """Return the session for a program; one that was begun goes on.

    The sample is drawn from the validation rows, where there are any.

    Args:
        arguments: What `keras_recipe.check` would be given.
        samples: Rows to label, each twice.
        names: Names of the classes, in order.
        output: File of the answers; by default `runs/human/`, named after the data.
        seed: Decides the sample and its orders.

    Raises:
        InputError: The task has no exclusive classes, or `output` is of other data.
    """
    known = {key: value for key, value in arguments.items() if key in SUBJECT}
    known["model"] = getattr(known["model"], "recipe_inner", known["model"])
    subject = Subject(**known, seed=seed)
    from keras_recipe.building import build

    build(known["model"], subject.probe)
    with preserve(known["model"]):
        head = classified(subject.task)
    every = subject.samples()
    split = "validation" if "validation" in every else "training"
    rows = every[split]
    truth = class_numbers(head, leaves(rows.y)[head.target or 0])
    path = output or Path(FOLDER) / f"{fingerprint(rows)}.json"
    if path.exists():
        answers = Answers.load(path)
        if answers.data != fingerprint(rows):
            msg = f"{str(path)!r} holds answers for other data; name another file."
            raise InputError(msg)
    else:
        answers = new_answers(
            split, rows, truth, _names(head, truth, names), max(samples, 1), seed
        )
    return Session(answers, rows, path)


def run(session: Session, say: Callable[[str], None], port: int = 0) -> None:
    """Serve a session until it is done or Ctrl-C; say where, and what came of it."""
    server = Server(session, port)
    total = len(session.answers.order)
    say(f"Open {server.url}")
    say(f"{total - len(session.answers.said)} answers to go; Ctrl-C keeps what was given.")
    try:
        server.run()
    finally:
        said = bool(session.answers.said)
        say(f"{summary(session.answers)}{f' Kept in {session.path}' if said else ''}")
