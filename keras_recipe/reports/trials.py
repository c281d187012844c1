"""The trials of a search: a table in a terminal, a table and pictures in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keras_recipe.core.result import number
from keras_recipe.reports import fragments, moves, phrases

MOST = 15  # trials in a table: the best, then how many more there are


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return phrases.printable(str(value))


def _columns(data: Mapping[str, Any]) -> list[str]:
    return ["trial", data["objective"], *data["axes"], "epoch", "seconds"]


def _rows(data: Mapping[str, Any]) -> list[list[str]]:
    trials = {trial["key"]: trial for trial in data["trials"]}
    found = []
    for key in data["ranked"][:MOST]:
        trial = trials[key]
        values = [_value(trial["hyperparameters"].get(name)) for name in data["axes"]]
        score = number(trial["score"])
        told = "" if score is None else f"{score:.4g}"
        found.append([key, told, *values, str(trial["epoch"] + 1), f"{trial['seconds']:.1f}"])
    return found


def verdict(data: Mapping[str, Any]) -> str:
    """Return how the search ended, one sentence."""
    ranked, failed = data["ranked"], len(data["trials"]) - len(data["ranked"])
    lost = f", {failed} failed" if failed else ""
    if not ranked:
        return f"no trial of {len(data['trials'])} was finished{lost}"
    best = next(trial for trial in data["trials"] if trial["key"] == ranked[0])
    score = number(best["score"])
    values = ", ".join(
        f"{name}={_value(best['hyperparameters'][name])}"
        for name in data["axes"]
        if best["hyperparameters"].get(name) is not None
    )
    return (
        f"best of {len(data['trials'])} trials ({data['method']} search{lost}): "
        f"{data['objective']} {score:.4g} with {values}"
    )


def _notes(data: Mapping[str, Any]) -> list[str]:
    notes = [phrases.printable(note) for note in data.get("notes", ())]
    if len(data["ranked"]) > MOST:
        notes.append(f"{len(data['ranked']) - MOST} finished trials more")
    notes += [
        phrases.printable(f"trial {trial['key']} failed: {trial['message']}")
        for trial in data["trials"]
        if trial["status"] == "failed"
    ][:MOST]
    again = data["retrained"]
    for name, gain in (again["gain"] if again else {}).items():
        if gain is not None:
            text = moves.gain_text(gain)
            notes.append(
                f"trained again with several seeds, the winner over the {name}: {text}"
            )
    if again and again.get("reason"):
        notes.append(phrases.printable(f"no gain over the start is stated: {again['reason']}"))
    return notes


def table(data: Mapping[str, Any]) -> RenderableType:
    """Return the trials for a rich console, the best first.

    Args:
        data: `SearchResult.to_dict()`.
    """
    made = Table(title="Search, trial by trial", title_justify="left", box=None)
    for name in _columns(data):
        made.add_column(Text(phrases.printable(name)), justify="right")
    for place, cells in enumerate(_rows(data)):
        made.add_row(*map(Text, cells), style="green" if place == 0 else "")
    lines = [Text(phrases.printable(verdict(data)), style="bold")]
    lines += [Text(note, style="dim") for note in _notes(data)]
    return Group(made, Text(), *lines)


def render(data: Mapping[str, Any]) -> str:
    """Return the trials as text without colour."""
    return fragments.as_text(table(data))


def notebook(data: Mapping[str, Any], drawn: Iterable[Mapping[str, Any]]) -> str:
    """Return table and pictures as an HTML fragment.

    Args:
        data: As for `table`.
        drawn: Pictures, as `pictures.render` draws them.
    """
    return (
        fragments.paragraph(verdict(data))
        + fragments.table(_columns(data), _rows(data))
        + fragments.bullets(_notes(data))
        + "".join(fragments.image(one) for one in drawn)
    )
