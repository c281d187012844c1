from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.data.sources import Source
from keras_recipe.experiments.repeat import data_gap, training_gap, unrepeatable_layer
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.layers import walk

_ULP = float(np.finfo("float32").eps)


def _from_the_data(source: Source) -> Result | None:
    if source.unseeded:
        return warned(
            f"{source.unseeded} shuffle(s) of the tf.data.Dataset have no seed: rows come in "
            "another order at every run; expected a fixed seed",
            where="the training data",
            cause="Neither shuffle(seed=) nor the global seed was set when it was built.",
            fix=Fix(
                text="Set every seed before the data is built.",
                code="keras.utils.set_random_seed(0)  # before dataset.shuffle(...)",
            ),
        )
    if source.whole is not None or source.kind == "tf.data.Dataset":
        return None
    gap = data_gap(source)
    if gap == 0:
        return None
    return warned(
        f"the first batch of the {source.kind} differs between two passes from the same seed; "
        "expected the same rows",
        measured=gap,
        expected=0.0,
        unit="relative difference",
        where="the training data",
        cause="It draws from a generator that nobody seeds, e.g. np.random.default_rng().",
        fix=Fix(
            text="Give the generator a seed when the dataset is made.",
            code="self.random = np.random.default_rng(0)  # in __init__",
        ),
    )


@check("KR201", cost="train", requires=("KR101", "KR203"))
def fixed_seed(
    model: Any,
    probe: Batch,
    sample: Batch,
    source: Source,
    fit: FitSettings,
    *,
    steps: int = 3,
    ulps: float = 1e3,
) -> Result:
    """Two short trainings from the same seed end with the same weights.

    Why:
        If the same program gives another result each time, no one can tell a change that
        helped from luck.
    Fix:
        Call keras.utils.set_random_seed first; draw with keras.random and a SeedGenerator
        inside layers; seed every generator of the data pipeline.
    Tune:
        steps: Optimizer steps of each training.
        ulps: Largest difference of a weight, in units of float32's resolution (1.2e-7) of the
            largest value of its array. Sums in another order, which some devices choose by
            themselves, differ by tens after a few steps.
    Source:
        Karpathy 2019, stage 2, "fix random seed". It WARNs only: predictions that differ in
        inference mode are KR217's.
    """
    found = _from_the_data(source)
    if found is not None:
        return found
    if probe.y is None or not model.trainable_variables:
        msg = "there is nothing to fit"
        raise NotApplicable(msg)
    own = all(type(layer).__module__.startswith("keras.") for _, layer in walk(model))
    rows = sample.take(
        slice(0, max(fit.batch_size, len(probe)))
    )  # the step that `fit` compiles
    gap = training_gap(model, rows, int(steps)) / _ULP
    fields: dict[str, Any] = {"measured": gap, "expected": 0.0, "unit": "float32 ulp"}
    within = gap <= ulps
    culprit = "" if own and within else unrepeatable_layer(model, probe.x)
    if culprit:
        return warned(
            f"two trainings of {steps} steps from the same seed part ways in {culprit}; "
            "expected the same numbers",
            where=culprit,
            cause="It draws from a generator of its own, which no seed reaches.",
            fix=Fix(
                text="Draw with keras.random and a seed generator of the layer.",
                code="noise = keras.random.normal(shape, seed=self.seed_generator)",
            ),
            **fields,
        )
    if not within and own:
        return warned(
            f"two trainings of {steps} steps from the same seed end {gap:.3g} float32 ulp "
            f"apart; expected at most {ulps:g}",
            where="an op of the backend",
            cause="The backend adds in another order each time.",
            fix=Fix(text="Ask the backend for deterministic ops while you compare runs."),
            **fields,
        )
    agree = "bit for bit" if gap == 0 else f"to {gap:.3g} float32 ulp"
    return passed(f"two trainings of {steps} steps from the same seed agree {agree}", **fields)
