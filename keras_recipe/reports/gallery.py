"""Examples as a network sees them, each with its label beside the prediction."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from keras_recipe.reports import charts
from keras_recipe.reports.palette import Palette
from keras_recipe.reports.phrases import figure as in_figures
from keras_recipe.reports.phrases import printable, shortened

#: Most examples drawn of each kind of input; more are left out, and the picture says so.
MOST = {"image": 32, "row": 24, "tokens": 12, "series": 16}
#: Most features of a row drawn, so that a cell stays wide enough to be seen.
MOST_FEATURES = 64
#: Letters of the longest name of a feature, and of all that fit side by side over the columns.
LONGEST_NAME, LETTERS = 24, 60
#: Most classes whose colours are named under pictures.
MOST_COLOURS = 18


def examples(picture: Mapping[str, Any], palette: Palette) -> Figure:
    """Draw `inputs` by their `inputs_kind`; a prediction unlike its label is marked.

    Pictures that consist of tiles side by side say which in `tiles`, how many stand in a row in
    `columns`, and what the colours laid over them mean in `colours`, a dict from class to hex.
    """
    drawers = {"image": _images, "row": _rows, "tokens": _tokens, "series": _series}
    kind = picture["inputs_kind"]
    if kind not in drawers:
        msg = f"inputs_kind is one of {', '.join(drawers)}, not {kind!r}"
        raise ValueError(msg)
    most, total = MOST[kind], len(picture["inputs"])
    cut = {**picture, "inputs": list(picture["inputs"])[:most]}
    for name in ("labels", "predictions"):
        texts = [printable(text) for text in picture.get(name) or ()][:most]
        if texts and len(texts) != len(cut["inputs"]):
            msg = f"{len(picture[name])} {name} for {total} inputs"
            raise ValueError(msg)
        cut[name] = texts
    own = [str(picture[name]) for name in ("note", "tiles") if picture.get(name)]
    cut["note"] = "".join(f"{part}; " for part in own)
    cut["note"] += f"{most} of {total} are shown; " if total > most else ""
    wrong = picture.get("wrong") or _wrong(cut["labels"], cut["predictions"])
    cut["wrong"] = [*wrong, *[False] * most][: len(cut["inputs"])]
    if cut["labels"] and cut["predictions"]:
        counted = wrong and all(cut["predictions"])
        share = f", {sum(cut['wrong'])} of {len(cut['wrong'])} wrong" if counted else ""
        cut["note"] += f"label → prediction{share}; "
    return drawers[kind](cut, palette)


def _wrong(labels: Sequence[str], predictions: Sequence[str]) -> list[bool]:
    """Return which predictions are not their label; nothing where they are measurements."""
    if not labels or not predictions:
        return []
    pairs = [(_numbers(a), _numbers(b)) for a, b in zip(labels, predictions, strict=True)]
    if all(a and b for a, b in pairs):
        whole = all(len(n) == 1 and n[0].is_integer() for pair in pairs for n in pair)
        return [a != b for a, b in pairs] if whole else []
    texts = zip(labels, predictions, strict=True)
    return [a != b and not b.startswith(f"{a} (") for a, b in texts]


def _numbers(text: str) -> list[float]:
    """Return the numbers that the text consists of; nothing if it is more than numbers."""
    try:
        return [float(part) for part in text.replace("…", "").split()]
    except ValueError:
        return []


def _caption(picture: Mapping[str, Any], index: int, length: int) -> str:
    given = (picture[name][index] for name in ("labels", "predictions") if picture[name])
    texts = [text for text in given if text]
    if len(texts) < 2 or sum(map(len, texts)) + 3 <= length:
        return " → ".join(_cut(text, length) for text in texts)
    return "\n→ ".join(_cut(text, length) for text in texts)


def _cut(text: str, length: int) -> str:
    """Return a text that fits; how sure a prediction is goes before letters of it do."""
    bare = text.rsplit(" (", 1)[0] if text.endswith(")") else text
    return shortened(text if len(text) <= length else bare, length)


def _grid(figure: Figure, count: int, columns: int, rows: int) -> list[Axes]:
    return [figure.add_subplot(rows, columns, index + 1) for index in range(count)]


def _images(picture: Mapping[str, Any], palette: Palette) -> Figure:
    images = [charts.numbers(image) for image in picture["inputs"]]
    known = np.concatenate([image[np.isfinite(image)] for image in images] or [np.zeros(1)])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    broken = ", red where not finite" if known.size < sum(map(np.size, images)) else ""
    note = f"{picture['note']}pixel values {in_figures(low)} to {in_figures(high)}{broken}"
    low, high = _white_and_black(low, high)
    pixels = [_pixels(image, low, high) for image in images]
    tall = max((p.shape[0] / max(p.shape[1], 1) for p in pixels), default=1.0)
    columns = picture.get("columns") or max(min(8, len(images)), 4)
    rows = -(-len(images) // columns)
    two_lines = any("\n" in _caption(picture, i, 84 // columns) for i in range(len(images)))
    height = charts.WIDTH / columns * 0.93 * min(max(tall, 0.15), 2) + 0.06
    height += 0.34 if two_lines else 0.19
    made = charts.sheet(picture, palette, rows * height, note)
    for index, axes in enumerate(_grid(made, len(images), columns, rows)):
        axes.imshow(pixels[index], cmap="gray", vmin=0, vmax=1)
        _frame(axes, picture, index, 84 // columns, palette)
        axes.set(xticks=[], yticks=[])
    if colours := picture.get("colours"):
        _legend(made, colours, palette)
    return made


def _legend(made: Figure, colours: Mapping[str, str], palette: Palette) -> None:
    """Say which class each colour is that is laid over the pictures."""
    patches = [
        Patch(facecolor=color, edgecolor=palette.faint, label=shortened(name, 24))
        for name, color in list(colours.items())[:MOST_COLOURS]
    ]
    made.legend(handles=patches, loc="outside lower left", ncols=6, fontsize=8)


def _white_and_black(low: float, high: float) -> tuple[float, float]:
    """Return what is drawn black and white: the usual ranges, or else that of the values."""
    for usual in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        near = high > 0.5 * usual[1]
        if usual[0] <= low and high <= usual[1] and near:
            return usual
    return (low, high) if high > low else (low - 1, low + 1)


def _pixels(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return `(height, width)` or `(height, width, 3)` in 0..1; what is not finite is red."""
    if image.ndim == 4:  # a volume or a film: its middle
        image = image[len(image) // 2]
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[-1] not in (1, 3, 4):
        image = np.moveaxis(image, 0, -1)
    if image.ndim not in (2, 3):
        msg = f"an image has 2 to 4 dimensions, not {image.ndim}"
        raise ValueError(msg)
    if image.ndim == 3 and image.shape[-1] not in (3, 4):
        image = image.mean(axis=-1)
    image = np.atleast_3d(image)[..., :3]
    scaled = np.repeat((image - low) / (high - low), 3 // image.shape[-1], axis=-1)
    broken = ~np.isfinite(scaled).all(axis=-1)
    scaled = np.clip(np.nan_to_num(scaled), 0, 1)
    scaled[broken] = (1.0, 0.0, 0.2)
    return scaled


def _frame(axes: Axes, picture: Any, index: int, length: int, palette: Palette) -> None:
    wrong = picture["wrong"][index]
    axes.set_title(
        _caption(picture, index, length), size=8, pad=3, weight="bold" if wrong else "normal",
        color=palette.wrong if wrong else palette.ink,
    )  # fmt: skip
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=palette.wrong if wrong else palette.grid)
        spine.set_linewidth(2.2 if wrong else 0.8)


def _series(picture: Mapping[str, Any], palette: Palette) -> Figure:
    count = len(picture["inputs"])
    rows = -(-count // 4)
    made = charts.sheet(
        picture, palette, max(rows, 1) * 1.3, picture["note"].removesuffix("; ")
    )
    for index, axes in enumerate(_grid(made, count, 4, rows)):
        steps = charts.numbers(picture["inputs"][index])
        steps = steps.reshape(len(steps), -1)
        for channel in range(min(steps.shape[1], len(palette.lines))):
            axes.plot(steps[:, channel], color=palette.lines[channel], linewidth=1)
        _frame(axes, picture, index, 24, palette)
        axes.tick_params(labelsize=7, length=2)
        axes.locator_params(nbins=3)
    return made


def _rows(picture: Mapping[str, Any], palette: Palette) -> Figure:
    table = charts.numbers(picture["inputs"])
    table = table.reshape(len(table), -1)
    left_out = table.shape[1] - MOST_FEATURES
    more = f"the first {MOST_FEATURES} of {table.shape[1]} features; " if left_out > 0 else ""
    table = table[:, :MOST_FEATURES]
    note = f"{picture['note']}{more}a row is an example, coloured within each feature"
    note = note.replace("a row is an example, ", "") if left_out > 0 else note
    names = picture.get("features") or range(table.shape[1])
    heads = [shortened(name, LONGEST_NAME) for name in names][: table.shape[1]]
    upright = sum(len(head) + 1 for head in heads) > LETTERS and bool(picture.get("features"))
    height = 0.45 + (0.27 if len(table) <= 12 else 0.2) * len(table)
    height += 0.075 * max(map(len, heads), default=0) if upright else 0
    made = charts.sheet(picture, palette, height, note)
    axes = made.add_subplot()
    finite = np.where(np.isfinite(table), table, np.nan)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(finite, axis=0), np.fmax.reduce(finite, axis=0)
        charts.cells(axes, (finite - low) / np.where(high > low, high - low, 1), palette)
    for text in axes.texts:
        column, row = (round(place) for place in text.get_position())
        if np.isfinite(finite[row, column]):
            text.set_text(in_figures(float(table[row, column])))
    most = 4 * charts.MOST_NUMBERS if upright else charts.MOST_NUMBERS
    step = -(-table.shape[1] // most)
    turned: dict[str, Any] = {"rotation": 90, "va": "bottom"} if upright else {}
    axes.set_xticks(range(0, table.shape[1], step), heads[::step], **turned)
    axes.xaxis.tick_top()
    captions = [_caption(picture, i, 60).replace("\n", " ") for i in range(len(table))]
    axes.set_yticks(range(len(table)), captions)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, labelsize=8)
    for label, wrong in zip(axes.get_yticklabels(), picture["wrong"], strict=True):
        label.set(color=palette.wrong if wrong else palette.ink)
        label.set(weight="bold" if wrong else "normal")
    return made


def _tokens(picture: Mapping[str, Any], palette: Palette) -> Figure:
    lines: list[tuple[str, str, bool]] = []
    for index, tokens in enumerate(picture["inputs"]):
        text = tokens if isinstance(tokens, str) else " ".join(map(in_figures, tokens))
        wrapped = textwrap.wrap(printable(text), 90, max_lines=3, placeholder=" …") or [""]
        lines.append(("", "", False))
        lines += [("" if n else "input", line, False) for n, line in enumerate(wrapped)]
        for name in ("labels", "predictions"):
            if picture[name] and picture[name][index]:
                wrong = picture["wrong"][index] and name == "predictions"
                lines.append((name.removesuffix("s"), picture[name][index], wrong))
    made = charts.sheet(picture, palette, 0.19 * len(lines), picture["note"].removesuffix("; "))
    made.add_subplot().set_axis_off()  # without axes the title is not put at the top
    top = 0.4 if picture["note"] else 0.2
    for number, (head, text, wrong) in enumerate(lines):
        y = 1 - (top + 0.19 * number) / made.get_figheight()
        made.text(0.015, y, head, size=8, va="top", color=palette.faint)
        made.text(
            0.12, y, shortened(text, 90), size=8, va="top",
            family=["monospace", *rcParams["font.family"]],  # the others have more letters
            color=palette.wrong if wrong else palette.ink, weight="bold" if wrong else "normal",
        )  # fmt: skip
    return made
