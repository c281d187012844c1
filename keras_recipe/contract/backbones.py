"""What Keras's own backbones expect, where nothing could be measured."""

from __future__ import annotations

from collections.abc import Sequence

from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.surgery.backbones import Backbone


def judge_backbones(found: Sequence[Backbone], *, pretrained: bool) -> Result:
    """Return a WARN where values cannot be what pretrained weights expect, else a PASS.

    Args:
        found: Keras's own architectures in the model, with what arrives there.
        pretrained: Whether some frozen part holds other weights than it would begin with.
    """
    off = [one for one in found if not one.fits]
    if not off or not pretrained:
        said = ", ".join(f"{one.path} ({one.expects})" for one in found)
        return passed(f"{said or 'nothing pretrained'}: no contradiction was found")
    one = off[0]
    return warned(
        f"{one.path} gets values from {one.low:.3g} to {one.high:.3g}; with pretrained weights "
        f"it expects {one.expects}",
        where=one.path,
        cause="Its preprocess_input was left out, or done twice.",
        fix=Fix(text="Use the backbone's own preprocess_input.", code=one.code),
    )
