from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned


@check("KR320", cost="live")
def data_starved(trace: Any, *, share: float = 0.5, least: float = 0.005) -> Result:
    """A step computes for longer than it waits for its data.

    Why:
        A pipeline that is slower than the step leaves the device idle: a faster device, or a
        smaller model, would gain nothing, and every experiment takes longer than it must.
    Fix:
        Prepare batches while the step runs: `workers` and `max_queue_size` of a PyDataset,
        `prefetch` of a Dataset; do once what does not change from epoch to epoch.
    Tune:
        share: Share of a step that is waiting, from which it is worth a WARN: half of it means
            that data, not computing, decides how long a training takes even where the two
            overlap. This check never FAILs.
        least: Seconds a step under which nothing is said: twice what Keras's own loop took
            between two batches of a small net while seven processes shared each core. What
            a thread with nothing to do takes beside each step is taken off the wait first: on a
            machine that is busy with other programs every wait is longer, for a pipeline's
            thread has to wait for the processor as well, and no change of the pipeline helps.
    Source:
        Karpathy 2019, stage 3; the tf.data performance guide: overlap input and step.
    """
    if not trace.waiting:
        msg = (
            "no step was timed: epochs of few steps, or TensorFlow, whose compiled step reads "
            "the data itself"
        )
        raise NotApplicable(msg)
    last = trace.waiting[-1]
    waited, computed, delayed = last["waited"], last["computed"], last.get("delayed", 0.0)
    own = max(waited - delayed, 0.0)
    part = own / max(own + computed, 1e-30)
    epoch = last["epoch"] + 1
    text = (
        f"a step waits {1000 * waited:.3g} ms for its data and computes for "
        f"{1000 * computed:.3g} ms"
    )
    if delayed >= least:
        text += f"; other programs delay each thread by {1000 * delayed:.3g} ms"
    fields: dict[str, Any] = {
        "measured": part,
        "expected": share,
        "unit": "share of a step",
        "where": f"epoch {epoch}, {last['steps']:g} steps",
        "evidence": {"timed": trace.waiting},
    }
    if part <= share or own < least:
        return passed(text, **fields)
    return warned(
        text,
        cause="The pipeline is slower than the step, or a callback works after every batch.",
        fix=Fix(
            text="Prepare the batches in other threads or processes, ahead of the step.",
            code="super().__init__(workers=4, use_multiprocessing=True, max_queue_size=16)",
        ),
        **fields,
    )
