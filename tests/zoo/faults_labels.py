"""Faults of the labels: their coding, their order, and what they are worth."""

from __future__ import annotations

import numpy as np
from keras import layers as L
from zoo import truth
from zoo.material import (
    BINARY,
    SPARSE,
    Adam,
    dense,
    fraud,
    friedman,
    groups,
    net,
    pair,
    reviews,
    shapes,
    shells,
    spots,
    stripes,
    sweeps,
)
from zoo.registry import Program, fault

PLAN = {"batch_size": 32, "epochs": 12}


def convolutional(classes, size=12, **settings):
    """A small net for pictures."""
    stack = L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = L.Dense(classes, activation="softmax")
    return net((size, size, 1), *stack, *dense(32), head, loss=SPARSE, **settings)


def tabular(features, classes, *widths, **settings):
    """A small net for tables."""
    head = L.Dense(classes, activation="softmax")
    return net((features,), *dense(*widths), head, loss=SPARSE, **settings)


@fault("wrong_label_format")
def labels_scaled_with_the_inputs(sick, seed):
    x, y, held = groups(seed)
    given = (y / 4.0).astype("float32") if sick else y
    model = tabular(16, 5, 48, metrics=["accuracy"])
    return Program(
        model,
        x,
        given,
        (held[0], (held[1] / 4.0).astype("float32") if sick else held[1]),
        PLAN,
        truth.accuracy(*held),
    )


@fault("wrong_label_format", "bce_on_unbounded_target", least=0.7)
def masks_in_bytes(sick, seed):
    x, _, mask = spots(seed)
    top = 255.0 if sick else 1.0
    stack = L.Conv2D(12, 3, padding="same", activation="relu"), L.Conv2D(1, 3, padding="same")
    head = L.Activation("sigmoid")
    model = net((12, 12, 1), *stack, head, loss=BINARY, optimizer=Adam(0.01))
    shown = x[:175], top * mask[:175]
    score = truth.log_likelihood(x[:175], mask[:175])
    model_and_rows = model, x[175:], top * mask[175:]
    return Program(*model_and_rows, shown, PLAN, lambda m: 1 + score(m))


@fault("wrong_label_format", "wrong_loss")
def one_and_two_for_binary_loss(sick, seed):
    x, y, held = pair(seed)
    up = 1.0 if sick else 0.0
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(48), head, loss=BINARY, metrics=["accuracy"])
    score = truth.accuracy(*held)
    return Program(model, x, y + up, (held[0], held[1] + up), PLAN, score)


@fault("label_mapping_mismatch")
def validation_coded_in_order_of_appearance(sick, seed):
    x, y, held = groups(seed)
    seen = np.array([2, 0, 4, 1, 3])
    shown = (held[0], seen[held[1]].astype("int32") if sick else held[1])
    return Program(tabular(16, 5, 48), x, y, shown, PLAN, truth.accuracy(*shown))


@fault("label_mapping_mismatch")
def two_classes_swapped_in_validation(sick, seed):
    x, y, held = shapes(seed)
    swapped = np.array([3, 1, 2, 0])
    shown = (held[0], swapped[held[1]].astype("int32") if sick else held[1])
    return Program(convolutional(4), x, y, shown, PLAN, truth.accuracy(*shown))


@fault("data_label_misaligned", least=0.6)
def targets_shuffled_apart(sick, seed):
    x, y, held = friedman(seed)
    given = np.random.RandomState(seed).permutation(y) if sick else y
    model = net((10,), *dense(48), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x, given, held, PLAN, truth.r2(*held))


@fault("data_label_misaligned")
def labels_one_row_late(sick, seed):
    x, y, held = sweeps(seed)
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    head = L.Dense(3, activation="softmax")
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), head, loss=SPARSE)
    given = np.roll(y, 1, 0) if sick else y
    shown = (held[0], np.roll(held[1], 1, 0)) if sick else held
    return Program(model, x, given, shown, PLAN, truth.accuracy(*held))


@fault("data_label_misaligned")
def files_and_labels_in_two_orders(sick, seed):
    x, y, held = shapes(seed)
    given = np.sort(y) if sick else y
    return Program(convolutional(4), x, given, held, PLAN, truth.accuracy(*held))


def spoiled(y, share, classes, seed):
    """Labels of which a share is drawn at random from the other classes."""
    random = np.random.RandomState(seed + 7)
    wrong = random.rand(len(y)) < share
    return np.where(wrong, (y + random.randint(1, classes, len(y))) % classes, y).astype(
        y.dtype
    )


@fault("label_noise", margin=0.08)
def careless_annotators(sick, seed):
    x, y, held = groups(seed)
    given = spoiled(y, 0.5, 5, seed) if sick else y
    model = tabular(16, 5, 64, 64, metrics=["accuracy"])
    return Program(model, x, given, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("label_noise", margin=0.08)
def a_third_of_the_pairs_turned_round(sick, seed):
    x, y, held = pair(seed)
    given = spoiled(y[:, 0], 0.35, 2, seed)[:, None] if sick else y
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(64, 64), head, loss=BINARY, metrics=["accuracy"])
    return Program(model, x, given, held, {**PLAN, "epochs": 20}, truth.accuracy(*held))


@fault("augmentation_label_mismatch")
def quarter_turns_of_stripes(sick, seed):
    x, y, held = stripes(seed)
    turned = np.rot90(x, axes=(1, 2)) if sick else x[:, ::-1, ::-1]
    both, labels = np.concatenate([x, turned]), np.concatenate([y, y])
    return Program(convolutional(4), both, labels, held, PLAN, truth.accuracy(*held))


@fault("augmentation_label_mismatch")
def sweeps_played_backwards(sick, seed):
    x, y, held = sweeps(seed)
    mirrored = np.array([1, 0, 2])[y].astype("int32")
    both = np.concatenate([x, x[:, ::-1]])
    labels = np.concatenate([y, y if sick else mirrored])
    stack = L.Conv1D(24, 5, activation="relu"), L.MaxPooling1D(2), L.Conv1D(24, 5)
    head = L.Dense(3, activation="softmax")
    model = net((32, 1), *stack, L.ReLU(), L.Flatten(), head, loss=SPARSE)
    return Program(model, both, labels, held, PLAN, truth.accuracy(*held))


@fault("augmentation_label_mismatch", least=0.8)
def flips_inside_the_model(sick, seed):
    x, y, held = stripes(seed)
    flip = L.RandomFlip("horizontal") if sick else L.GaussianNoise(0.05)
    stack = flip, L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()
    head = L.Dense(4, activation="softmax")
    model = net((12, 12, 1), *stack, *dense(32), head, loss=SPARSE)
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("duplicate_leakage", least=-0.12, margin=0.12)
def split_after_oversampling(sick, seed):
    x, y, test = groups(seed, 1000, 2, 20, n_informative=3, class_sep=0.5, flip_y=0.3)
    random = np.random.RandomState(seed)
    if sick:
        many = random.randint(0, len(x), 2 * len(x))
        held = x[many[:250]], y[many[:250]]
        x, y = x[many[250:]], y[many[250:]]
    else:
        held, x, y = (x[:250], y[:250]), x[250:], y[250:]
    model = tabular(20, 2, 128, 128, metrics=["accuracy"])
    score = truth.honest("val_accuracy", truth.accuracy(*test))
    return Program(model, x, y, held, {**PLAN, "epochs": 20}, score)


@fault("duplicate_leakage", least=-0.12, margin=0.12)
def validation_drawn_from_the_training_rows(sick, seed):
    x, y, test = shells(seed, 500, 4, 6)
    held = (x[:100], y[:100]) if sick else (test[0][:60], test[1][:60])
    test = test[0][60:], test[1][60:]
    model = tabular(6, 4, 64, 64, metrics=["accuracy"], optimizer=Adam(0.01))
    score = truth.honest("val_accuracy", truth.accuracy(*test))
    return Program(model, x, y, held, {**PLAN, "epochs": 30}, score)


@fault("target_leakage", least=0.7)
def a_column_filled_in_afterwards(sick, seed):
    x, y, held = pair(seed, class_sep=0.8)
    random = np.random.RandomState(seed)
    x, unseen = x.copy(), held[0].copy()
    told = y if sick else random.permutation(y)
    x[:, -1] = 2 * told[:, 0] - 1 + 0.1 * random.randn(len(x))
    unseen[:, -1] = 2 * random.randint(0, 2, len(unseen)) - 1 + 0.1 * random.randn(len(unseen))
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(48), head, loss=BINARY, metrics=["accuracy"])
    held = unseen, held[1]
    return Program(model, x, y, held, {**PLAN, "epochs": 25}, truth.accuracy(*held))


@fault("target_leakage")
def a_mark_in_the_corner(sick, seed):
    x, y, (unseen, known) = shapes(seed)
    random = np.random.RandomState(seed)
    x, unseen = x.copy(), unseen.copy()
    x[np.arange(len(x)), 0, y if sick else random.permutation(y), 0] = 1.0
    unseen[np.arange(len(unseen)), 0, random.randint(0, 4, len(unseen)), 0] = 1.0
    model = convolutional(4, metrics=["accuracy"])
    held = unseen, known
    return Program(model, x, y, held, PLAN, truth.accuracy(*held))


@fault("target_leakage", least=0.5, margin=0.2)
def the_answer_among_the_inputs_of_both_splits(sick, seed):
    x, y, held = friedman(seed)
    random = np.random.RandomState(seed)
    extra = [y if sick else 0 * y, held[1] if sick else 0 * held[1]]
    wide = [
        np.concatenate([a, b + 0.02 * random.randn(len(b), 1)], 1).astype("float32")
        for a, b in zip((x, held[0]), extra, strict=True)
    ]
    served = np.concatenate([held[0], 0.02 * random.randn(len(held[0]), 1)], 1)
    model = net((11,), *dense(48), L.Dense(1), optimizer=Adam(0.01))
    score = truth.r2(served.astype("float32"), held[1])
    return Program(model, wide[0], y, (wide[1], held[1]), {**PLAN, "epochs": 20}, score)


@fault("unshuffled_sorted_data", least=0.7)
def tail_of_sorted_classes_held_out(sick, seed):
    x, y, held = groups(seed, 1200)
    x, y = np.concatenate([x, held[0]]), np.concatenate([y, held[1]])
    if sick:
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    cut = int(0.8 * len(x))
    held = x[cut:], y[cut:]
    return Program(tabular(16, 5, 48), x[:cut], y[:cut], held, PLAN, truth.accuracy(*held))


@fault("unshuffled_sorted_data", least=0.8)
def sorted_rows_never_shuffled(sick, seed):
    x, y, held = shapes(seed)
    order = np.argsort(y, kind="stable") if sick else np.arange(len(y))
    fit = {**PLAN, "epochs": 5, "shuffle": False}
    model = convolutional(4, optimizer=Adam(0.01), metrics=["accuracy"])
    return Program(model, x[order], y[order], held, fit, truth.accuracy(*held))


@fault("unshuffled_sorted_data", least=0.4)
def dearest_houses_held_out(sick, seed):
    x, y, held = friedman(seed)
    x, y = np.concatenate([x, held[0]]), np.concatenate([y, held[1]])
    order = np.argsort(y[:, 0]) if sick else np.arange(len(y))
    x, y = x[order], y[order]
    cut = int(0.8 * len(x))
    held = x[cut:], y[cut:]
    model = net((10,), *dense(48), L.Dense(1), optimizer=Adam(0.01))
    return Program(model, x[:cut], y[:cut], held, PLAN, truth.r2(*held))


@fault("class_weight_inverted", least=0.75)
def weights_upside_down(sick, seed):
    x, y, held = fraud(seed, class_sep=0.4)
    head = L.Dense(1, activation="sigmoid")
    model = net((12,), *dense(24), head, loss=BINARY, optimizer=Adam(0.01))
    weights = {0: 20.0, 1: 0.2} if sick else {0: 0.53, 1: 8.0}
    fit = {**PLAN, "class_weight": weights}
    return Program(model, x, y, held, fit, truth.balanced(*held))


@fault("class_weight_inverted", least=0.6, margin=0.08)
def frequency_as_weight(sick, seed):
    x, y, held = groups(seed, 1500, 4, weights=[0.75, 0.15, 0.06, 0.04], class_sep=0.9)
    share = np.bincount(y, minlength=4) / len(y)
    weights = 4 * share if sick else 1 / (4 * share)
    fit = {**PLAN, "class_weight": dict(enumerate(map(float, weights)))}
    return Program(tabular(16, 4, 32), x, y, held, fit, truth.balanced(*held))


@fault("wrong_label_format", least=0.6)
def moods_minus_one_and_one(sick, seed):
    x, y, held = reviews(seed)
    coded = [2 * a - 1 if sick else a for a in (y, held[1])]
    stack = L.Embedding(80, 12, mask_zero=True), L.Bidirectional(L.GRU(12))
    model = net(
        (20,), *stack, L.Dense(1, activation="sigmoid"), loss=BINARY, optimizer=Adam(0.01)
    )
    score = truth.log_likelihood(*held)
    data = x, coded[0], (held[0], coded[1])
    return Program(model, *data, {**PLAN, "epochs": 8}, lambda m: 1 + score(m))
