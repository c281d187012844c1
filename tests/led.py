"""The tiny search trained by two workers, with what a ladder kept; a child process leads it."""

import json
from pathlib import Path

from climbing import WIDE, rows
from searching import TRIALS, build

from keras_recipe.experiments.moves_penalty import Dropped
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.leading import Crew
from keras_recipe.search.searching import SearchPlan, search

FEWER = Move(name="fewer", text="64 rows", data=lambda given: given.take(slice(0, 64)))
DROPPED = Move(name="dropout 0.3", text="", change=Dropped(0.3))
KEPT = (FEWER, WIDE, DROPPED)  # the width is searched: the second is left out
ROWS = (rows(0, 64), rows(96, 192))
PLAN = SearchPlan(method="random", trials=TRIALS, epochs=2)


def factory():
    """The program and its rows, as they are before any move."""
    train, held = rows(), ROWS[1]
    data = {"x": train.x, "y": train.y, "validation_data": (held.x, held.y)}
    return {"model": build, **data}


def alone():
    """The same search in this process."""
    return search(build, PLAN, *ROWS, moves=KEPT)


def trials(found):
    """The trials as plain data, without what clock and folder decide."""
    return [{**trial.timeless(), "path": None} for trial in found.trials]


def run(folder, won):
    """Lead the search in `folder`; then write its trials to `won`. The whole of a process."""
    crew = Crew(workers=2, target="led:factory", folder=Path(folder))
    found = search(build, PLAN, *ROWS, moves=KEPT, folder=crew.folder, crew=crew)
    Path(won).write_text(json.dumps(trials(found)))
