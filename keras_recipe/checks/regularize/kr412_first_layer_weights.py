from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.progress import gain


@check("KR412", cost="live", requires=("KR310",))
def first_layer_weights(
    trace: Any,
    *,
    pixels: int = 25,
    moved: float = 0.1,
    learned: float = 0.3,
    beyond: float = 2.0,
) -> Result:
    """The first layer's weights on images show more than noise.

    Why:
        What meets the pixels should come to look like something: edges, blobs, strokes. Where
        a net learned and neighbouring pixels of its filters have nothing to do with each
        other, it learned by heart, or the pixels are not where they belong.
    Fix:
        Look whether the images survive loading and reshaping; then regularise.
    Tune:
        pixels: Pixels of a filter below which nothing is said. Trained on digits and
            Fashion-MNIST, 3 x 3 filters came within 1.2 deviations of the line below, and
            5 x 5 ones never within 5 (16 filters, 8 trainings of each size).
        moved: Share of their norm that the weights must have moved by.
        learned: Share of the best constant's loss that must be gone.
        beyond: Deviations by which neighbours must be more alike than in shuffled orders, in
            the weights or in what training changed of them; chance exceeds 2 one time in 40.
    Source:
        Karpathy 2019, stage 4, "visualize the network's first-layer weights"; Moran 1950 (the
        correlation of neighbours), judged by shuffling the places. It never FAILs.
    """
    first = trace.first_layer
    if not first:
        msg = "no first layer on images whose weights could be drawn was watched"
        raise NotApplicable(msg)
    units, high, wide = first["shape"][:3]
    score = max(first["smooth_beyond"], first["change_beyond"])
    text = (
        f"neighbouring pixels of the {units} filters of {first['path']!r} correlate by "
        f"{first['smooth']:.2f}, in what training changed by {first['change_smooth']:.2f} "
        f"({score:.1f} deviations beyond shuffled pixels)"
    )
    fields: dict[str, Any] = {
        "measured": score,
        "expected": beyond,
        "unit": "deviations beyond shuffled pixels",
        "where": first["path"],
        "evidence": {name: value for name, value in first.items() if name != "pictures"},
        "pictures": [
            {
                "kind": "examples",
                "title": f"First-layer weights: {first['path']}",
                "inputs": first["pictures"],
                "inputs_kind": "image",
                "note": "the filters with the largest norms",
            }
        ],
    }
    if high * wide < pixels:
        small = f"{high} x {wide} pixels a filter are too few to tell noise by"
        return passed(f"the filters of {first['path']!r} are drawn; {small}", **fields)
    got = gain(trace)
    if got is None or got < learned or first["moved"] < moved or score >= beyond:
        return passed(text, **fields)
    return warned(
        f"{text}: they look like noise, though {got:.0%} of the loss is gone",
        cause="The net learned by heart, or the pixels are not where they belong.",
        fix=Fix(text="Look at the images as the layer gets them; then regularise."),
        **fields,
    )
