"""The zoo's programs, the kinds of fault they carry, and which codes name each kind.

`FAULTS` and `HEALTHY` map a name to its `Entry`; `load()` fills them from the modules beside
this one. Nothing here imports `keras_recipe`, so that other tools can be shown the same
programs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BACKENDS = ("jax", "tensorflow", "torch")

#: Kind of fault -> (what it means, {code: why that code names it}).
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    # the head and the loss
    "wrong_last_activation": (
        "the output activation cannot express the target",
        {
            "KR202": "judges activation against loss and labels",
            "KR203": "judges labels against what the head can give",
            "KR110": "compares the targets' range with the head's",
        },
    ),
    "missing_last_activation": (
        "the loss wants probabilities and gets raw scores",
        {"KR202": "reads `from_logits` beside the activation"},
    ),
    "softmax_one_unit": ("softmax over one unit is the constant 1", {"KR202": "names it"}),
    "sigmoid_over_multiclass": (
        "independent sigmoids where one of the classes holds",
        {"KR202": "judges activation against exclusive labels"},
    ),
    "softmax_over_multilabel": (
        "one distribution where several labels may hold",
        {"KR202": "judges activation against labels that may hold together"},
    ),
    "double_softmax": ("softmax in the head and again in the loss", {"KR202": "names it"}),
    "wrong_output_units": (
        "the number of outputs does not fit the labels",
        {"KR202": "counts units for the loss", "KR203": "counts classes against units"},
    ),
    "wrong_loss": (
        "the loss does not fit the task or the head",
        {"KR202": "judges the loss for the head", "KR203": "judges the loss for the labels"},
    ),
    "mse_for_classification": (
        "squared or absolute error trains a classifier",
        {"KR202": "names it"},
    ),
    "bce_on_unbounded_target": (
        "binary cross-entropy against targets outside 0 to 1",
        {"KR202": "judges the loss for the task", "KR203": "measures the targets' range"},
    ),
    "loss_sign": (
        "the loss rewards being wrong",
        {
            "KR202": "judges the loss against its documented meaning",
            "KR204": "the first loss lies on the wrong side of the best constant",
            "KR208": "real inputs do worse than none",
            "KR209": "a few examples move away from their labels",
            "KR311": "the training runs away",
        },
    ),
    "loss_clipped": (
        "the loss is clipped: hard examples have no gradient",
        {
            "KR202": "judges the loss",
            "KR209": "a few examples cannot be fitted",
            "KR219": "the gradient is exactly zero",
        },
    ),
    "loss_reduction": (
        "a sum where a mean is meant",
        {
            "KR202": "reads the reduction",
            "KR204": "the first loss is too large by the number of rows",
            "KR315": "gradients grow with the batch",
            "KR318": "so do the steps",
        },
    ),
    "broadcast_shape": (
        "prediction and target broadcast into a matrix",
        {"KR203": "compares the shapes"},
    ),
    "wrong_metric": ("the metric misleads about the task", {"KR224": "names it"}),
    # labels and data
    "wrong_label_format": (
        "the labels are coded so that the loss misreads them",
        {"KR202": "judges loss and labels", "KR203": "reads dtype, range and offset"},
    ),
    "label_mapping_mismatch": (
        "class numbers mean different things in the two splits",
        {"KR112": "compares what the labels mean in both splits"},
    ),
    "data_label_misaligned": (
        "inputs and labels were reordered apart",
        {"KR107": "estimates wrong labels", "KR118": "inputs do not tell the labels"},
    ),
    "label_noise": (
        "a large part of the training labels is wrong",
        {"KR107": "estimates it", "KR118": "inputs hardly tell the labels"},
    ),
    "augmentation_label_mismatch": (
        "augmentation changes the meaning and keeps the label",
        {
            "KR103": "the same input with two labels",
            "KR107": "estimates wrong labels",
            "KR118": "inputs do not tell the labels",
            "KR402": "tests whether augmented samples keep their label",
        },
    ),
    "duplicate_leakage": ("validation rows are training rows", {"KR104": "finds the pairs"}),
    "target_leakage": (
        "an input carries the target in training only",
        {"KR112": "the input differs between splits", "KR114": "it alone tells the target"},
    ),
    "autoregressive_leakage": (
        "a sequence model sees what it must predict",
        {"KR214": "follows what each output depends on"},
    ),
    "unshuffled_sorted_data": (
        "sorted data split or batched unshuffled",
        {
            "KR111": "tests the order",
            "KR112": "the splits differ",
            "KR113": "classes are missing in a split",
        },
    ),
    "class_weight_inverted": (
        "class weights favour the frequent class",
        {"KR106": "weighs the priors", "KR203": "judges weights against labels"},
    ),
    "unnormalized_input": ("inputs far from unit scale", {"KR109": "measures it"}),
    "unscaled_target": (
        "targets far from unit scale",
        {"KR110": "measures it", "KR205": "the first predictions are far from the mean"},
    ),
    "constant_input": (
        "the inputs carry no information",
        {"KR102": "counts what never varies", "KR118": "inputs do not tell the labels"},
    ),
    "input_preprocessing_mismatch": (
        "the two splits were preprocessed differently",
        {"KR112": "compares the splits", "KR211": "compares what enters the net"},
    ),
    "pretrained_preprocessing_mismatch": (
        "a pretrained base gets inputs it was not trained on",
        {"KR109": "measures the scale", "KR225": "knows what the base expects"},
    ),
    "reshape_not_transpose": (
        "axes merged by reshape where a transpose was meant",
        {
            "KR116": "position has lost its meaning",
            "KR118": "inputs hardly tell the labels",
            "KR213": "mixing across axes shows as dependence",
            "KR214": "likewise along time",
        },
    ),
    "batch_mixing": (
        "samples of a batch see each other",
        {"KR213": "follows the dependence", "KR215": "compares one by one with the batch"},
    ),
    "missing_mask": ("padding is treated as data", {"KR119": "looks for padding unmasked"}),
    # the model
    "missing_activation": ("hidden layers are linear", {"KR222": "names it"}),
    "dying_relu": (
        "most units never fire",
        {"KR220": "counts them before training", "KR316": "counts them while training"},
    ),
    "vanishing_gradient": (
        "early layers get almost no gradient",
        {
            "KR219": "measures the gradient of each weight",
            "KR220": "finds the pinned units behind it",
            "KR314": "compares first and last layers",
        },
    ),
    "exploding_nan": (
        "activations, loss or weights blow up",
        {
            "KR204": "the first loss is no number, and the layer is named",
            "KR221": "follows the scale through depth",
            "KR310": "finds the first NaN",
            "KR311": "the loss runs away",
            "KR315": "gradients grow",
            "KR318": "steps dwarf the weights",
        },
    ),
    "saturated_activation": ("bounded units are pinned", {"KR220": "counts them"}),
    "bad_init": (
        "initial weights are zero, constant or absurd",
        {
            "KR204": "the first loss is off",
            "KR220": "units are pinned or dead from the start",
            "KR221": "units are equal, or their scale is",
        },
    ),
    "bad_output_bias_init": (
        "first predictions are far from the mean target",
        {"KR204": "the first loss is off", "KR205": "measures the distance"},
    ),
    "too_deep_narrow": (
        "depth and width make the net untrainable",
        {
            "KR209": "a few examples cannot be fitted",
            "KR210": "a wider net can",
            "KR220": "units are dead",
            "KR314": "the gradient fades with depth",
        },
    ),
    "insufficient_capacity": (
        "the net is too small for the training data",
        {
            "KR209": "a few examples cannot be fitted",
            "KR210": "a larger net can",
            "KR305": "the training loss stays above the floor",
        },
    ),
    "frozen_layers": (
        "layers that must learn are not trainable",
        {"KR219": "finds them by the gradient", "KR317": "sees that nothing moves"},
    ),
    "gradient_blocked": (
        "a flat or stopped operation cuts the path to the weights",
        {"KR219": "finds weights without gradient", "KR317": "sees that nothing moves"},
    ),
    "dropout_after_output": (
        "dropout acts on the predictions",
        {"KR217": "compares training and inference", "KR223": "reads the layers"},
    ),
    "train_mode_at_inference": (
        "noise or batch statistics stay on when predicting",
        {
            "KR213": "batch statistics make samples depend on each other",
            "KR215": "one by one differs from the batch",
            "KR217": "compares the modes",
        },
    ),
    "bn_stale_statistics": (
        "moving statistics lag behind the weights",
        {"KR217": "compares the modes after training"},
    ),
    # optimisation
    "lr_too_high": (
        "the step is too large",
        {
            "KR302": "another optimizer does far better in the same steps",
            "KR311": "the loss runs away",
            "KR312": "the loss jumps",
            "KR318": "steps are too large for the weights",
        },
    ),
    "lr_too_low": (
        "the step is too small",
        {
            "KR302": "another optimizer does far better in the same steps",
            "KR313": "nothing is learned",
            "KR318": "steps are too small for the weights",
            "KR319": "the loss still falls at the end",
        },
    ),
    "momentum_too_high": (
        "the steps add up for so long that they overshoot",
        {
            "KR302": "another optimizer does far better in the same steps",
            "KR311": "the loss runs away",
            "KR312": "the loss swings",
            "KR318": "steps are too large for the weights",
        },
    ),
    "no_update": (
        "hardly a step, or none, reaches the weights",
        {
            "KR302": "another optimizer does far better in the same steps",
            "KR313": "nothing is learned",
            "KR317": "sees that nothing moves",
            "KR318": "steps are too small for the weights",
            "KR319": "what was cut short had hardly begun",
        },
    ),
    "lr_negative": ("the step has the wrong sign", {"KR318": "reads the rate"}),
    "lr_decay_too_fast": (
        "the schedule reaches about 0 long before the end",
        {"KR304": "simulates the schedule"},
    ),
    "wrong_optimizer": (
        "the optimizer does not suit the model as configured",
        {"KR302": "Adam does far better in the same steps", "KR318": "steps are off"},
    ),
    "clip_too_tight": (
        "clipping so tight that nothing moves",
        {"KR318": "sees clipping swallow the updates"},
    ),
    "too_few_epochs": (
        "training stops long before convergence",
        {
            "KR319": "the loss still falls",
            "KR415": "a callback reads its metric upside down",
            "KR603": "training on pays",
        },
    ),
    "wrong_batch_size": (
        "too few updates, or too noisy ones",
        {
            "KR113": "counts rows against the batch",
            "KR302": "another step does far better",
            "KR318": "steps are off",
            "KR319": "the loss still falls at the end",
        },
    ),
    "wrong_epoch_kept": (
        "the weights kept are not those of the best epoch",
        {
            "KR319": "the model is far from where its training was",
            "KR410": "compares the epoch kept with the best one",
            "KR415": "a callback reads its metric upside down",
        },
    ),
    "ema_never_caught_up": (
        "the average of the weights is still that of the start",
        {"KR319": "compares the momentum of the average with the steps made"},
    ),
    "constraint_too_tight": (
        "a constraint leaves the weights no room to learn",
        {
            "KR209": "a few examples cannot be fitted",
            "KR305": "the training loss stays above the floor",
            "KR318": "steps lead nowhere",
            "KR414": "without it the model learns",
        },
    ),
    "repeats_one_batch": (
        "the pipeline gives the same rows again and again",
        {
            "KR103": "counts the rows that are there twice",
            "KR111": "reads the order of the batches",
            "KR113": "counts the rows",
            "KR413": "what is learned holds for few rows",
        },
    ),
    "heads_unbalanced": (
        "one head's loss outweighs the other's so far that it starves",
        {
            "KR219": "measures the gradient of each weight",
            "KR305": "the training loss stays above the floor",
            "KR317": "sees that nothing moves",
        },
    ),
    "over_regularised": (
        "dropout or a penalty outweighs the data",
        {"KR218": "reads the regularisation", "KR414": "measures its share of the loss"},
    ),
}


def naming(kinds: tuple[str, ...]) -> set[str]:
    """Codes that name one of `kinds`."""
    return {code for kind in kinds for code in KINDS[kind][1]}


@dataclass
class Program:
    """What a user's script would have.

    `score` is the zoo's own truth (higher is better), for `verify`; no tool is shown it.
    """

    model: Any
    x: Any
    y: Any
    validation_data: Any
    fit: dict[str, Any]
    score: Callable[[Any], float]


@dataclass(frozen=True)
class Entry:
    """One registered builder.

    Attributes:
        name: Name of the builder.
        make: `(sick, seed) -> Program`, or `(seed) -> Program` of a healthy program.
        kinds: Its kinds of fault, the first the main one; none if healthy.
        least: Score that the healthy program must reach.
        margin: By how much the sick program must score worse.
        allows: Kinds that are true of the healthy twin as well.
        backends: Where the fault exists: a backend may quietly repair it.
    """

    name: str
    make: Callable[..., Program]
    kinds: tuple[str, ...] = ()
    least: float = 0.8
    margin: float = 0.1
    allows: tuple[str, ...] = ()
    backends: tuple[str, ...] = field(default=BACKENDS)

    def build(self, *, sick: bool = False, seed: int = 0) -> Program:
        """Return the program, weights drawn from `seed`."""
        import keras

        keras.utils.set_random_seed(1000 + seed)
        return self.make(sick, seed) if self.kinds else self.make(seed)


FAULTS: dict[str, Entry] = {}
HEALTHY: dict[str, Entry] = {}


def _register(into, builder, kinds=(), **facts):
    name = builder.__name__
    if name in FAULTS or name in HEALTHY:
        raise ValueError(f"two programs are called {name}")
    into[name] = Entry(name, builder, tuple(kinds), **facts)
    return builder


def fault(*kinds, **facts):
    """Register `(sick, seed) -> Program` under its kinds of fault."""
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"unknown kinds of fault: {sorted(unknown)}")
    return lambda builder: _register(FAULTS, builder, kinds, **facts)


def healthy(**facts):
    """Register `(seed) -> Program`."""
    return lambda builder: _register(HEALTHY, builder, **facts)


def load() -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Import every module of programs; return `FAULTS` and `HEALTHY`."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem.startswith(("faults_", "healthy_")):
            importlib.import_module(f"zoo.{path.stem}")
    return FAULTS, HEALTHY


def entry(name: str) -> Entry:
    """Return the program called `name`."""
    load()
    return FAULTS.get(name) or HEALTHY[name]
