import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.files import FEW, Files, Notes

_FENCE = 3.0  # quartile distances beyond the quartiles: "far out" (Tukey 1977)
_BROKEN = ("unreadable", "stopped", "long rows", "bad quotes")
_ODD = {
    "format": "of a kind that TensorFlow, Keras's reader, does not decode",
    "turned": "with an EXIF turn that Keras does not make: they lie on their side",
    "rate": "of another sample rate than most",
    "empty class": "class folders without files, which count as classes all the same",
    "strange class": "class folders that the training folder has not",
    "ignored": "files that Keras passes over in silence",
    "blank": "without content",
    "cut": "longer than is read here",
    "short rows": "rows with too few fields",
}
#: Topics whose things are sentences already.
_SENTENCES = ("encoding", "mixed", "huge", "left out", "twice", "new words")


def _far(values: Sequence[float], counts: Sequence[int], least: float) -> list[int]:
    """Return the places of values far from the others: beyond the fence, and `least` off."""
    every = np.repeat(values, counts)
    low, middle, high = np.quantile(every, [0.25, 0.5, 0.75])
    reach = _FENCE * (high - low)
    return [
        place
        for place, value in enumerate(values)
        if not low - reach <= value <= high + reach and abs(value - middle) > least
    ]


def _sizes(notes: Notes, stretch: float, smaller: float) -> dict[str, list[Any]]:
    """Return the sizes of images that are far off those of the others."""
    sizes, counts = list(notes.of("size")), list(notes.of("size").values())
    if len(sizes) < 2:
        return {}
    shapes = [math.log(height / width) for height, width in sizes]
    areas = [math.log(height * width) for height, width in sizes]
    small = [p for p in _far(areas, counts, 2 * math.log(smaller)) if areas[p] < max(areas)]
    small = [p for p in small if areas[p] < np.median(np.repeat(areas, counts))]
    found = {
        "of a shape that resizing to the others' distorts": _far(
            shapes, counts, math.log(stretch)
        ),
        "far smaller than the others": small,
    }
    return {what: [sizes[p] for p in places] for what, places in found.items() if places}


def _odd(notes: Notes, stretch: float, smaller: float) -> dict[str, tuple[int, list[str]]]:
    """Return what is odd, how often and where."""
    found = {}
    for topic, what in _ODD.items():
        things = notes.of(topic)
        if topic == "rate":
            things = type(things)(dict(things.most_common()[1:]))
        if things:
            found[what] = (things.total(), notes.where(topic, things))
    for topic in _SENTENCES:
        for thing, count in notes.of(topic).most_common(FEW):
            found[f"{thing},"] = (count, notes.where(topic, [thing]))
    modes = notes.of("mode").most_common()
    for mode, count in modes[1:]:
        found[f"{mode} among {modes[0][0]}"] = (count, notes.where("mode", [mode]))
    for what, sizes in _sizes(notes, stretch, smaller).items():
        total = sum(notes.of("size")[size] for size in sizes)
        found[what] = (total, notes.where("size", sizes))
    return found


def _sentence(what: str, count: int, places: Sequence[str]) -> str:
    place = places[0] if places else "?"
    split, _, what = what.partition(": ")
    if what.endswith(","):
        times = f", {count} times" if count > 1 else ""
        return f"{what[:-1]} ({split}, {place}{times})"
    return f"{count} {what} (in {split}, such as {place})"


def _whole(files: Mapping[str, Files]) -> str:
    parts = []
    for split, one in files.items():
        read = one.notes.read if one.notes else 0
        unit = "rows" if one.kind == "table" else f"{one.kind} files"
        parts.append(f"{read} {unit} of {split}")
    return " and ".join(parts)


@check("KR120", cost="forward")
def unreadable_files(
    files: Mapping[str, Files], *, stretch: float = 16 / 9, smaller: float = 8.0
) -> Result:
    """Every file can be read, and none is of another kind than the others.

    Why:
        One file that cannot be decoded stops training hours later, when its batch comes; a grey
        or turned picture, or a row with a field too many, trains on in silence.
    Fix:
        Fetch or write the files named again, or move them out of the folder.
    Tune:
        stretch: Ratio of heights to widths, to that of the middle image, up to which a shape
            is never called odd.
        smaller: Times that a side must be smaller than that of the middle image to be odd.
    Source:
        Karpathy 2019, stage 1 ("a corrupted image"). FAIL: files that Pillow, SciPy or pyarrow
        cannot decode, and rows with too many fields or open quotes, at which `pandas.read_csv`
        stops. Shapes: outside of Tukey's far fence (1977) and further off than 3/4 is from 4/3,
        what crops for training are drawn from (Szegedy 2015); sizes: KR117's largest factor.
    """
    broken: list[tuple[str, str]] = []
    odd: dict[str, tuple[int, list[str]]] = {}
    total = count = 0
    for split, one in files.items():
        notes = one.notes
        if notes is None:
            msg = f"the {split} files were not read to their end"
            raise NotApplicable(msg)
        total += notes.read
        for topic in _BROKEN:
            count += notes.total(topic)
            for text in notes.of(topic):
                where = "" if topic in ("unreadable", "stopped") else f"{topic}, such as "
                place = ", ".join(notes.places[topic, text][:1])
                said = text if not where else f"{where}{place}: {text}"
                broken.append((place, said))
        odd |= {f"{split}: {what}": got for what, got in _odd(notes, stretch, smaller).items()}
    evidence = {
        "read": {split: one.notes.read if one.notes else 0 for split, one in files.items()},
        "unreadable": [said for _, said in broken[:100]],
        "odd": {what: {"count": n, "first": places} for what, (n, places) in odd.items()},
        "notes": [
            text
            for one in files.values()
            for topic in ("header", "made numbers", "missing")
            for text in (one.notes.of(topic) if one.notes else ())
        ][:100],
        "classes": list(next(iter(files.values())).classes[:100]),
    }
    unit = "rows" if any(one.kind == "table" for one in files.values()) else "files"
    told = [_sentence(what, *found) for what, found in odd.items()]
    fields: dict[str, Any] = {"unit": unit, "expected": 0.0, "evidence": evidence}
    if broken:
        also = f"; also {'; '.join(told[:2])}" if told else ""
        first = "; ".join(said for _, said in broken[:FEW])
        return failed(
            f"{count} {unit} cannot be read beside {_whole(files)}: {first}{also}",
            measured=float(count),
            where=", ".join(place for place, _ in broken[:FEW]),
            cause="A download or a copy that broke off, or a file under a wrong name.",
            fix=Fix(text="Fetch these again, or move them out of the way."),
            **fields,
        )
    if told:
        return warned(
            f"{_whole(files)} can be read, but: {'; '.join(told[:FEW])}",
            measured=float(sum(n for n, _ in odd.values())),
            where=", ".join(places[0] for _, places in odd.values() if places),
            cause="Files from several sources, or a step of their making that differed.",
            fix=Fix(text="Look at them; convert them to the kind of the others."),
            **fields,
        )
    return passed(f"all {_whole(files)} can be read", measured=0.0, **fields)
