import keras
import sick
from healthy import some_digits
from keras import layers as L
from specimens import SPARSE, classifier, compiled, diabetes, subject

from keras_recipe.core.result import warned
from keras_recipe.diagnosis.change import in_order
from keras_recipe.diagnosis.changes import changes


def offered(program, **suspects):
    model, x, y, *_ = program
    made = subject(model, x, y)
    rows = {code: warned("w", code=code, where=where) for code, where in suspects.items()}
    return changes(model, made.sample, made.task, rows)


def texts(program, **suspects):
    return [one.text for one in offered(program, **suspects)]


def test_only_what_applies_is_offered():
    said = " ".join(texts(sick.all_linear()))
    assert "rate" in said
    words = ("inputs", "targets", "clipping", "trainable", "softmax", "weights", "ReLU", "bias")
    assert not any(word in said for word in words)


def test_what_a_check_complains_of_comes_first():
    program = sick.tiny_rate()
    assert "Adam" in texts(program)[-1]
    assert "weights" in texts(program, KR221="")[0]
    assert texts(program, KR302="")[0].startswith("multiply the learning rate")


def test_each_fault_has_its_change():
    x, y = some_digits()
    far = texts((classifier(), x * 4000, y))
    assert far[0] == "standardise the inputs"
    a, b = diabetes()
    wide = texts((compiled(L.Dense(1), shape=(10,), loss="mse"), a, b * 1000))
    assert wide[0] == "standardise the targets"
    assert "make every layer trainable" in texts(sick.random_frozen())
    assert any("hidden sigmoids" in one for one in texts(sick.deep_sigmoids()))
    stack = [one for one in offered(sick.all_linear(), KR222="dense_1") if "linear" in one.text]
    assert len(stack) <= 1  # the names are Keras's own and count on
    head = texts((classifier(head="relu"), x, y))
    assert "use 10 softmax units in the output layer" in head
    falls = compiled(L.Dense(10, activation="softmax"), optimizer=keras.optimizers.SGD(-0.1))
    assert any("-1, to 0.1" in one for one in texts((falls, x, y)))
    assert texts((classifier(), x, y), KR205="")[0].startswith("start the output bias")


def test_changes_are_made_in_an_order_in_which_none_undoes_another():
    x, y = some_digits()
    model = classifier(head="relu", hidden="tanh", loss=SPARSE)
    parts = [one.part for one in in_order(offered((model, x * 4000, y), KR221=""))]
    assert parts.index("weights") < parts.index("head 0") < parts.index("inputs")
    assert parts[-1] == "optimizer"
