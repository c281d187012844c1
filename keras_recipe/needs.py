"""What a check may ask for by the name of an argument, and where a `Subject` has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.files import Files


def _files(subject: Any) -> dict[str, Files]:
    found = subject.files()
    if not found:
        msg = "the data was given as arrays or as a dataset, not as files"
        raise NotApplicable(msg)
    return found


#: What only a later stage makes, and what to call for it.
_LATER = {
    "ladder": "no ladder was run: Recipe.overfit() tries one change at a time",
    "climbed": "it was not tried: Recipe.regularize() tries one change at a time",
    "search": "nothing was searched: Recipe.tune() runs a search",
    "squeezing": "nothing was squeezed: Recipe.squeeze() averages, distils and trains on",
}


def _later(name: str) -> Callable[[Any], Any]:
    def refuse(_: Any) -> Any:
        raise NotApplicable(_LATER[name])

    return refuse


#: By name a function of the subject; None in return: there is nothing to examine.
NEEDS: Mapping[str, Callable[[Any], Any]] = {
    "model": lambda s: s._model,  # noqa: SLF001  no other reader
    "seed": lambda s: s._seed,  # noqa: SLF001
    "fit": lambda s: s.settings(),
    "statistics": lambda s: s.statistics(),
    "splits": lambda s: s.of_splits("statistics"),
    "contents": lambda s: s.of_splits("contents"),
    "sketches": lambda s: s.of_splits("sketch"),
    "orders": lambda s: s.of_splits("order"),
    "files": _files,
    "groups": lambda s: s.groups,
    "validation_statistics": lambda s: s.of_splits("statistics").get("validation"),
    "validation": lambda s: s.of_splits("sample").get("validation"),
    "test": lambda s: s.of_splits("sample").get("test"),
    "source": lambda s: getattr(s, "source", None),
    "sample": lambda s: s.sample,
    "samples": lambda s: s.samples(),
    "trained": lambda s: s.trained,
    "human": lambda s: s.human,
    "probe": lambda s: s.probe,
    "predictions": lambda s: s.predictions,
    "task": lambda s: s.task,
    "plan": lambda s: s.plan,
    "crossfit": lambda s: s.crossfit,
    "embedding": lambda s: s.embedding,
    **{name: _later(name) for name in _LATER},
    "if_climbed": lambda _: (),  # for checks that have something to say without it, too
}
