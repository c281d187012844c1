"""What reading files brought to light: how often each thing was met, and where first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

FEW = 5  # places named for each thing that was met
MOST = 10_000  # different things of a topic that are kept apart


@dataclass
class Notes:
    """Things met while files were read, counted by topic.

    Picklable, and the notes of parts merge into those of the whole, in order.

    Attributes:
        read: Files (of a folder) or rows (of a table) that were read.
        counts: How often each thing was met, by topic: `counts["mode"]["RGB"]`.
        places: The first few places, by topic and thing: `places["mode", "RGB"]`.
        more: How many further things of a topic were met that are not kept apart.
    """

    read: int = 0
    counts: dict[str, Counter[Any]] = field(default_factory=dict)
    places: dict[tuple[str, Any], list[str]] = field(default_factory=dict)
    more: Counter[str] = field(default_factory=Counter)

    def add(self, topic: str, thing: Any, place: str) -> None:
        """Count one thing that was met at `place`."""
        counted = self.counts.setdefault(topic, Counter())
        if thing not in counted and len(counted) >= MOST:
            self.more[topic] += 1
            return
        counted[thing] += 1
        places = self.places.setdefault((topic, thing), [])
        if len(places) < FEW:
            places.append(place)

    def merge(self, other: Notes) -> None:
        """Take in the notes of what was read after this."""
        self.read += other.read
        self.more.update(other.more)
        for topic, counted in other.counts.items():
            self.counts.setdefault(topic, Counter()).update(counted)
        for key, places in other.places.items():
            mine = self.places.setdefault(key, [])
            mine += places[: FEW - len(mine)]

    def of(self, topic: str) -> Counter[Any]:
        """Return how often each thing of a topic was met."""
        return self.counts.get(topic, Counter())

    def total(self, topic: str) -> int:
        """Return how often things of a topic were met."""
        return self.of(topic).total() + self.more[topic]

    def where(self, topic: str, things: Any = None) -> list[str]:
        """Return the first few places of a topic, or of some of its things."""
        named = self.of(topic) if things is None else things
        return [place for thing in named for place in self.places.get((topic, thing), [])][:FEW]


@dataclass(eq=False)
class Files:
    """The files behind a source.

    Attributes:
        root: The folder or file, as it was named.
        kind: `"image"`, `"sound"`, `"text"` or `"table"`.
        count: Number of files.
        classes: Names of the classes, in the order of their numbers; empty without labels.
        notes: What the last whole pass brought to light; None before one.
        columns: How the columns of a table are read (`keras_recipe.data.columns_read.Column`).
        target: The column of a table that is the target.
    """

    root: str
    kind: str
    count: int
    classes: tuple[str, ...] = ()
    notes: Notes | None = None
    columns: tuple[Any, ...] = ()
    target: str | None = None
