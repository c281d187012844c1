from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.progress import gain, kernels


def _sizes(trace: Any, epoch: int) -> dict[str, float]:
    """Return the root mean square of each kernel's gradient, in the order of layers."""
    found = {}
    for path in kernels(trace):
        norm = trace.weights[epoch].get(path, {}).get("gradient_norm")
        if norm:  # one that is exactly 0 is cut off or dead, which others say
            found[path] = norm / float(np.sqrt(np.prod(trace.shapes[path])))
    return found


def _ratios(trace: Any) -> list[tuple[float, str]]:
    """Return of each epoch the first kernels' gradient to the last ones', and the smallest."""
    found = []
    for epoch, weights in enumerate(trace.weights):
        sizes = _sizes(trace, epoch) if weights else {}
        third = len(sizes) // 3
        if third:
            paths = list(sizes)
            first = min(paths[:third], key=lambda path: sizes[path])
            found.append((sizes[first] / max(sizes[path] for path in paths[-third:]), first))
    return found


@check("KR314", cost="live", requires=("KR310",))
def vanishing_gradient(
    trace: Any,
    *,
    depth: int = 4,
    ratio: float = 1e-3,
    poor: float = 0.3,
    steps: int = 50,
) -> Result:
    """The gradient reaches the first layers at a size that the last ones see, or they learned.

    Why:
        Through many saturating layers a gradient shrinks by a factor a layer. The first layers
        then stay as they were drawn, and the last ones learn from noise.
    Fix:
        ReLU with He initialisation, normalisation, or residual connections.
    Tune:
        depth: Kernels below which nothing is said.
        ratio: Gradient of the smallest of the first third of the kernels to the largest of
            the last third, root mean squares of the elements, in every epoch; AUTOTRAINER's.
        poor: Share of the best constant's loss that, once gone, shows that it learned.
        steps: Optimizer steps below which it cannot FAIL.
    Source:
        Glorot & Bengio 2010; AUTOTRAINER. A converged net's small gradients are no fault: it
        FAILs only where next to nothing was learned.
    """
    found = _ratios(trace)
    if not found or len(_sizes(trace, 0)) < depth:
        msg = f"the gradients of fewer than {depth} kernels are known"
        raise NotApplicable(msg)
    largest, path = max(found)
    got = gain(trace)
    text = (
        f"the gradient of {path} is {largest:.1e} of that in the last layers, or less, in each "
        f"of {len(found)} epochs"
    )
    fields: dict[str, Any] = {
        "measured": largest,
        "expected": ratio,
        "unit": "first to last gradient",
        "where": path,
        "evidence": {"by_epoch": [float(value) for value, _ in found]},
    }
    learned = (got is not None and got >= poor) or trace.onward.get("skill", 0.0) >= poor
    if largest >= ratio or learned:
        return passed(text if largest < ratio else "the gradient reaches every layer", **fields)
    fields["cause"] = "It shrinks on its way back through saturating or badly scaled layers."
    fields["fix"] = Fix(
        text="Use ReLU with He initialisation, or normalise between the layers.",
        code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
    )
    sure = got is not None and len(found) > 1 and (trace.total_steps or 0) >= steps
    if sure and not trace.program.get("custom_step"):
        return failed(f"{text}; {max(got or 0, 0):.0%} of the loss is gone", **fields)
    return warned(text, **fields)
