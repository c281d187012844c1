"""Traces made by hand: a small net whose numbers a test decides."""

from keras_recipe.callbacks.trace import Trace
from keras_recipe.surgery.plan import Plan

KERNELS = ("a/kernel", "b/kernel", "c/kernel", "d/kernel")
TURN = {"rate": 0.01, "batch_size": 32}


def trace(*losses, **fields):
    """A training with these losses, 50 steps an epoch, of four 4 x 4 kernels."""
    known = {
        "steps": [50] * len(losses),
        "learning_rate": [1e-3] * len(losses),
        "optimizer": {"name": "Adam", "learning_rate": 1e-3},
        "plan": {"epochs": len(losses), "steps": 50, "rates": []},
        "program": {"labels_vary": True, "dropout": 0.0},
        "shapes": {path: [4, 4] for path in KERNELS},
        "weights": [norms() for _ in losses],
        "penalty": 0.0,
        "constant_loss": 1.0,
    }
    return Trace(epochs=[{"loss": float(loss)} for loss in losses], **{**known, **fields})


def norms(ratio=1e-3, gradients=(1.0, 1.0, 1.0, 1.0)):
    """One epoch's numbers: the kernels have norm 4."""
    return {
        path: {
            "gradient_norm": gradient,
            "weight_norm": 4.0,
            "update_norm": 4.0 * ratio,
            "update_ratio": ratio,
            "last": {},
        }
        for path, gradient in zip(KERNELS, gradients, strict=True)
    }


def travelled(moved, grew=1.0):
    """Every kernel moved so far, relative to its norm."""
    return {path: {"moved": moved, "grew": grew} for path in KERNELS}


def onward(skill, rows=400, **turns):
    """What training on brought: the shares learned, by the name of the turn."""
    made = {
        name: {**TURN, "steps": [100, 200, 300], "skill": list(shares)}
        for name, shares in turns.items()
    }
    return {"skill": skill, "rows": rows, "turns": made}


def plan(of=None, epochs=20, steps=50, **fields):
    """A plan, with the trace of what became of it."""
    optimizer = {"learning_rate": 1e-3} if of is None else of.optimizer
    known = {"optimizer": optimizer, "rates": [], **({} if of is None else of.plan)}
    return Plan(**{"epochs": epochs, "steps": steps, **known, **fields}, trace=of)
