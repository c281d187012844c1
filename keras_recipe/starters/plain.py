"""The plain first model for a kind of input: what it is, how large it is, and its body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.starters import counting, ids, image, pixels, series, table

#: Kind of input -> shape of one row.
INPUTS = {
    "table": "(columns,)",
    "ids": "(steps,) with `vocabulary`",
    "series": "(steps, channels)",
    "image": "(height, width, channels)",
}
_BY_RANK = {1: "table", 2: "series", 3: "image"}


@dataclass(frozen=True, kw_only=True)
class Plain:
    """The plain first model, described without building it.

    Attributes:
        inputs: Kind of input, one of `INPUTS`.
        shape: Shape of one row; None for any size.
        structure: What has a label: `"sample"`, `"token"` or `"pixel"`.
        vocabulary: Number of ids, 0 where there are none.
    """

    inputs: str
    shape: tuple[int | None, ...]
    structure: str = "sample"
    vocabulary: int = 0

    @property
    def _module(self) -> Any:
        if self.structure == "pixel":
            return pixels
        return {"table": table, "ids": ids, "series": series, "image": image}[self.inputs]

    @property
    def text(self) -> str:
        """What it is, in words."""
        name = "STEP_TEXT" if self.structure == "token" else "TEXT"
        return str(getattr(self._module, name))

    @property
    def needs(self) -> frozenset[str]:
        """Families of layers of which a net for such inputs has at least one; none: any."""
        found: frozenset[str] = self._module.NEEDS
        return found

    @property
    def strange(self) -> frozenset[str]:
        """Families of layers that look for what such inputs do not have."""
        found: frozenset[str] = self._module.STRANGE
        return found

    def weights(self, units: int) -> int:
        """Return how many weights it has with `units` outputs, scaling left out."""
        each_step = self.structure == "token"
        if self.inputs == "ids":
            size = ids.steps_size if each_step else ids.size
            total, features = size(self.vocabulary)
        elif each_step:
            total, features = series.steps_size(self.shape[-1] or 1)
        else:
            total, features = self._module.size(self.shape)
        return int(total + counting.dense(features, units))

    def body(self, inputs: Any) -> Any:
        """Return the features of symbolic inputs."""
        module = self._module
        build = module.steps_body if self.structure == "token" else module.body
        return build(inputs, self.vocabulary) if self.inputs == "ids" else build(inputs)


def plain_first(
    shape: Any,
    structure: str = "sample",
    *,
    inputs: str | None = None,
    vocabulary: int | None = None,
) -> Plain:
    """Return the plain first model for one input.

    Args:
        shape: Shape of one row, without the batch.
        structure: What has a label: `"sample"`, `"token"` or `"pixel"`.
        inputs: One of `INPUTS`; by the shape, and `"ids"` with a vocabulary, when None.
        vocabulary: Number of ids, padding included.

    Raises:
        InputError: The shape fits no kind of input, or the kind named; or ids come without
            their number, or labels of steps or pixels with inputs that have none.
    """
    known = _shape(shape)
    given = inputs or ("ids" if vocabulary is not None else _BY_RANK.get(len(known)))
    if given not in INPUTS or (inputs is None and len(known) not in _BY_RANK):
        kinds = "; ".join(f"{kind} {text}" for kind, text in INPUTS.items())
        word = f"`inputs` {inputs!r}" if inputs else f"`input_shape` {known}"
        msg = f"{word} fits no kind of input. Expected one of: {kinds}"
        raise InputError(msg)
    _refuse_unfit(known, given, structure, vocabulary)
    return Plain(
        inputs=given, shape=known, structure=structure, vocabulary=int(vocabulary or 0)
    )


def _shape(shape: Any) -> tuple[int | None, ...]:
    try:
        made = tuple(None if size is None else int(size) for size in shape)
    except (TypeError, ValueError):
        made = (0,)
    if not all(size is None or size > 0 for size in made):
        msg = (
            "`input_shape` must be the shape of one row, such as (30,) or (28, 28, 1). "
            f"Received: {shape!r}"
        )
        raise InputError(msg)
    return made


def _refuse_unfit(
    shape: tuple[int | None, ...], inputs: str, structure: str, vocabulary: int | None
) -> None:
    rank = {"table": 1, "ids": 1, "series": 2, "image": 3}[inputs]
    if len(shape) != rank:
        msg = f"The shape of {inputs} is {INPUTS[inputs]}. Received: {shape}"
        raise InputError(msg)
    if inputs == "ids" and (
        vocabulary is None or isinstance(vocabulary, bool) or not int(vocabulary) >= 2
    ):
        msg = (
            "Sequences of ids need `vocabulary`: the largest id plus one, at least 2. "
            f"Received: {vocabulary!r}"
        )
        raise InputError(msg)
    if inputs != "ids" and (shape[-1] is None or (inputs == "table" and vocabulary)):
        last = "columns" if inputs == "table" else "channels"
        msg = f"The number of {last} of {inputs} inputs must be known. Received: {shape}"
        raise InputError(msg)
    if structure == "token" and inputs not in ("ids", "series"):
        msg = f"A label for each step needs ids or a series. Received: {inputs} of {shape}"
        raise InputError(msg)
    if structure == "pixel" and (inputs != "image" or None in shape):
        msg = f"A label for each pixel needs (height, width, channels). Received: {shape}"
        raise InputError(msg)
