"""`scripts/bench.py peers`: torchtest2 and neural-net-checklist on the zoo, beside `check()`.

Both take a Keras model on the torch backend as a torch module. They get one batch and the
model's own compiled loss (neural-net-checklist, which expects scores, gets the logarithm of
probabilities); `keras_recipe` gets its `check()` before training, no `fit`.
neural-net-checklist's overfit test asks for a loss of 1e-4 in 65,536 steps; here it gets
`STEPS` steps, and its score is printed with and without that test.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import statistics
import time

import keras
import numpy as np
from zoo import registry, run
from zoo.measures import share

ROWS, STEPS = 32, 512
#: torchtest2's checks, and neural-net-checklist's, that ask what a check of ours asks.
COMMON = {
    "KR204": ("initial_loss", "loss_at_init"),
    "KR208": ("input_dependency", "input_independent_baseline_worse"),
    "KR209": ("overfit_batch", "overfit_to_batch"),
    "KR213": ("batch_independence", "forward_batch_independence"),
    "KR219": ("gradient_flow", "non_zero_gradients"),
}


def _bridge(model, *, scores=False):
    """Return a torch module whose `training` flag reaches the Keras model.

    With `scores` it returns the logarithm of probabilities, as a net without softmax would.
    """
    import torch

    class Bridge(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, *x, **named):
            given = named or (x[0] if len(x) == 1 else list(x))
            made = model(given, training=self.training)
            return keras.ops.log(made + 1e-7) if scores else made

    return Bridge()


def _batch(program):
    """First rows of a program as tensors."""
    x, y = program.x, program.y
    if y is None:
        x, y = x[0]
    return tuple(
        keras.tree.map_structure(lambda a: _tensor(np.asarray(a)[:ROWS]), p) for p in (x, y)
    )


def _tensor(array):
    return keras.ops.convert_to_tensor(array)


def _loss(model, *, scores=False):
    def loss(made, targets):
        made = keras.ops.exp(made) if scores else made
        return model.compute_loss(x=None, y=targets, y_pred=made, sample_weight=None)

    return loss


def _gives_a_distribution(made):
    made = keras.ops.convert_to_numpy(made)
    return made.shape[-1] > 1 and made.min() >= 0 and np.allclose(made.sum(-1), 1, atol=1e-3)


def _torchtest2(name, sick, seed):
    import torchtest2

    program = registry.entry(name).build(sick=sick, seed=seed)
    x, y = _batch(program)
    program.model(x)
    began = time.perf_counter()
    report = torchtest2.check_model(
        _bridge(program.model),
        tuple(x) if isinstance(x, list) else x,
        y,
        loss_fn=_loss(program.model),
        skip=("frozen_params", "gradcheck", "gpu"),  # moving statistics count as frozen there
        seed=seed,
    )
    return {
        "fails": [r.name for r in report.failures],
        "warns": [r.name for r in report.warnings],
        "seconds": {r.name: r.seconds for r in report.results},
        "all_s": time.perf_counter() - began,
    }


def _checklist_calls(program, x, y, factory, scores):
    """Return its assertions by short name, as closures."""
    from neural_net_checklist import torch_diagnostics as nnc

    loss, batch = _loss(program.model, scores=scores), (x, y)
    classes = program.model.output_shape[-1] if hasattr(program.model, "output_shape") else 1
    calls = {
        "forward_batch_independence": lambda: nnc.assert_forward_batch_independence(
            factory, batch, device="cpu"
        ),
        "non_zero_gradients": lambda: nnc.assert_non_zero_gradients(
            factory(), batch, device="cpu"
        ),
        "input_independent_baseline_worse": lambda: nnc.assert_input_independent_baseline_worse(
            factory, batch, loss_fn=loss, device="cpu"
        ),
        "overfit_to_batch": lambda: nnc.assert_overfit_to_batch(
            factory(), batch, loss_fn=loss, device="cpu", max_steps=STEPS
        ),
    }
    if x.dtype.is_floating_point:
        calls["backward_batch_independence"] = lambda: nnc.assert_backward_batch_independence(
            factory, batch, device="cpu"
        )
    if "crossentropy" in str(program.model.loss) and classes > 1:
        calls["loss_at_init"] = lambda: (
            nnc.assert_balanced_classification_cross_entropy_loss_at_init(
                factory(), batch, num_classes=classes, loss_fn=loss, device="cpu"
            )
        )
        calls["init_calibrated"] = lambda: (
            nnc.assert_balanced_classification_cross_entropy_init_calibrated(
                factory(), batch, num_classes=classes, device="cpu"
            )
        )
    return calls


def _checklist(name, sick, seed):
    program = registry.entry(name).build(sick=sick, seed=seed)
    x, y = _batch(program)
    if not hasattr(x, "dtype") or not hasattr(y, "dtype"):
        return {"fails": [], "seconds": {}, "all_s": 0.0, "skipped": "takes one tensor only"}
    spent, scores = [0.0], _gives_a_distribution(program.model(x))

    def factory():
        began = time.perf_counter()
        model = registry.entry(name).build(sick=sick, seed=seed).model
        model(x)
        bridge = _bridge(model, scores=scores)
        for variable in model.non_trainable_variables:  # "trainable parameters only"
            variable.value.requires_grad_(False)
        made = bridge.named_parameters
        bridge.named_parameters = lambda *a, **k: (
            (n, p) for n, p in made(*a, **k) if p.requires_grad
        )
        spent[0] += time.perf_counter() - began
        return bridge

    fails, seconds = [], {}
    for title, call in _checklist_calls(program, x, y, factory, scores).items():
        spent[0], began = 0.0, time.perf_counter()
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                call()
        except Exception:  # what it says is an AssertionError, what it cannot do is any other
            fails.append(title)
        seconds[title] = time.perf_counter() - began - spent[0]
    return {"fails": fails, "seconds": seconds, "all_s": sum(seconds.values())}


def _ours(name, sick, seed):
    import keras_recipe

    program = registry.entry(name).build(sick=sick, seed=seed)
    data = {"validation_data": program.validation_data, **program.fit}
    began = time.perf_counter()
    report = keras_recipe.check(program.model, program.x, program.y, **data)
    return {
        "fails": [r.code for r in report.failures],
        "seconds": {r.code: r.seconds for r in report.results},
        "all_s": time.perf_counter() - began,
    }


def compare(name, sick, seed):
    """One program under the three tools; what one cannot do is a silent row."""
    found = {}
    for tool, look in (
        ("keras_recipe", _ours),
        ("torchtest2", _torchtest2),
        ("neural-net-checklist", _checklist),
    ):
        try:
            found[tool] = look(name, sick, seed)
        except Exception as error:  # a crash is a result
            found[tool] = {
                "fails": ["crash"],
                "seconds": {},
                "all_s": 0.0,
                "why": str(error)[:200],
            }
    return found


def _row(title, rows, told):
    """Print recall, alarms and their difference by `told(found)`."""
    seen = [bool(told(out)) for (_, _, sick, _), out in rows if sick]
    alarmed = [bool(told(out)) for (_, _, sick, _), out in rows if not sick]
    recall, alarms = share(sum(seen), len(seen)), share(sum(alarmed), len(alarmed))
    print(f"{title:44} {recall:8.1%} {alarms:8.1%} {recall - alarms:+8.2f}")


def _median(rows, tool, names):
    """Median seconds of some of a tool's checks together, where it made one of them."""
    spent = [
        sum(out[tool]["seconds"].get(name, 0.0) for name in names)
        for _, out in rows
        if any(name in out[tool]["seconds"] for name in names)
    ]
    return statistics.median(spent) if spent else float("nan")


def peers(argv):
    """Show the zoo to the three tools and print recall, alarms and seconds side by side."""
    wanted = run.arguments(peers.__doc__, argv)
    missing = [
        m for m in ("torchtest2", "neural_net_checklist") if not importlib.util.find_spec(m)
    ]
    if missing or keras.backend.backend() != "torch":
        print(
            "This needs KERAS_BACKEND=torch and `pip install torchtest2 neural-net-checklist`"
            f" (missing here: {', '.join(missing) or 'the backend'})."
        )
        return
    todo = run.chosen("compare", wanted, "torch")

    def seen(job, out):
        if not wanted.quiet:
            said = (
                "; ".join(
                    f"{tool}: {' '.join(found.get('fails', []))}" for tool, found in out.items()
                )
                if "crash" not in out
                else out["crash"]
            )
            print(f"{'sick' if job[2] else 'well'} {job[1]}: {said}", flush=True)

    results = run.run(
        todo, {"compare": compare}, workers=wanted.jobs, limit=wanted.limit, seen=seen
    )
    rows = [(job, out) for job, out in results.items() if "crash" not in out]
    print(f"\n{len(rows)} programs; {'tool':37} {'sick':>8} {'healthy':>8} {'diff':>8}")
    _row("keras_recipe, check() alone", rows, lambda o: o["keras_recipe"]["fails"])
    _row("torchtest2, failures", rows, lambda o: o["torchtest2"]["fails"])
    _row(
        "torchtest2, warnings too",
        rows,
        lambda o: o["torchtest2"]["fails"] + o["torchtest2"].get("warns", []),
    )
    nnc = "neural-net-checklist"
    _row(nnc, rows, lambda o: o[nnc]["fails"])
    _row(
        f"{nnc} without its overfit test",
        rows,
        lambda o: [f for f in o[nnc]["fails"] if f != "overfit_to_batch"],
    )
    ours = _median(rows, "keras_recipe", COMMON)
    for place, tool in enumerate(("torchtest2", nnc)):
        theirs = _median(rows, tool, [pair[place] for pair in COMMON.values()])
        print(f"checks in common, median seconds: ours {ours:.2f}, {tool} {theirs:.2f}")
        for code, pair in COMMON.items():
            own, each = (
                _median(rows, "keras_recipe", [code]),
                _median(rows, tool, [pair[place]]),
            )
            print(f"  {code} {own:.2f}, {pair[place]} {each:.2f}")
