from collections.abc import Mapping
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned


def _is_raw(part: Mapping[str, Any], least: float) -> bool:
    """Whether these look like bytes: whole numbers from 0 up to 255, some of them large."""
    return bool(part["whole"] and part["min"] >= 0 and least < part["max"] <= 255)


def _is_scaled(part: Mapping[str, Any]) -> bool:
    """Whether these look like bytes that were scaled: within 1 of zero, and not whole."""
    return bool(not part["whole"] and part["min"] >= -1.01 and part["max"] <= 1.01)


def _said(part: Mapping[str, Any]) -> str:
    return (
        f"{part['dtype']} from {part['min']:.4g} to {part['max']:.4g}, mean {part['mean']:.4g}"
    )


def _distance(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Return by how many standard deviations, or factors of them, two parts differ."""
    small, large = sorted((a["std"], b["std"]))
    shift = abs(a["mean"] - b["mean"]) / max(small, 1e-30)
    return max(shift, large / max(small, 1e-30)) if large else 1.0 + shift


@check("KR211", cost="live")
def just_before_the_net(trace: Any, *, least: float = 16.0, apart: float = 5.0) -> Result:
    """What enters the model in fit is scaled as what evaluation feeds it.

    Why:
        The right place to look at data is the line before the model: between the file and
        there, decoding, scaling and augmentation can each go wrong, in one split only.
    Fix:
        Use one preprocessing function for every split, or put it into the model as layers.
    Tune:
        least: Largest value from which whole numbers up to 255 count as raw bytes: a batch of
            pictures that are dark everywhere stays below.
        apart: Ratio of the standard deviations, or distance of the means in units of the
            smaller one, to WARN; two healthy batches of 32 rows stay within 2.
    Source:
        Karpathy 2019, stage 2, "visualize just before the net".
    """
    training = trace.inputs.get("training")
    if not training:
        msg = "no batch was looked at: add keras_recipe.callbacks.InputVisualizer to the fit"
        raise NotApplicable(msg)
    pictures = [dict(picture) for picture in trace.pictures]
    beside = {part["name"]: part for part in trace.inputs.get("evaluation", [])}
    seen = "; ".join(f"{part['name']}: {_said(part)}" for part in training)
    fields: dict[str, Any] = {"pictures": pictures, "evidence": dict(trace.inputs)}
    pairs = [(part, beside[part["name"]]) for part in training if part["name"] in beside]
    for mine, other in pairs:
        for raw, scaled in ((mine, other), (other, mine)):
            if _is_raw(raw, least) and _is_scaled(scaled):
                return failed(
                    f"fit feeds {mine['name']} as {_said(mine)}; evaluation as {_said(other)}",
                    measured=raw["max"] / max(abs(scaled["max"]), 1e-30),
                    expected=1.0,
                    unit="ratio of the largest values",
                    where=mine["name"],
                    cause="One of the splits was scaled (divided by 255) and the other not.",
                    fix=Fix(
                        text="Scale every split alike; a layer in the model does it always.",
                        code="keras.layers.Rescaling(1 / 255)",
                    ),
                    **fields,
                )
    far = [(a, b, _distance(a, b)) for a, b in pairs]
    if far and (worst := max(far, key=lambda pair: pair[2]))[2] > apart:
        a, b, distance = worst
        return warned(
            f"fit feeds {a['name']} as {_said(a)}; evaluation as {_said(b)}",
            measured=distance,
            expected=1.0,
            unit="standard deviations",
            where=a["name"],
            cause="Another preprocessing, strong augmentation, or splits that differ.",
            **fields,
        )
    if any(a["dtype"] != b["dtype"] for a, b in pairs):
        types = "; ".join(f"{a['name']}: {a['dtype']} and {b['dtype']}" for a, b in pairs)
        return warned(f"fit and evaluation feed other types ({types})", **fields)
    note = "as in evaluation" if pairs else "nothing was evaluated to compare it with"
    return passed(f"fit feeds {seen}; {note}", **fields)
