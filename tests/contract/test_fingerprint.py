import keras
import pytest
from keras import ops
from specimens import cancer, classifier, compiled, digits, subject

from keras_recipe.contract.fingerprint import recognised
from keras_recipe.contract.scored import scored_heads

L = keras.losses


def scores(y_true, y_pred):
    return L.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)


def doubled(y_true, y_pred):
    return 2.0 * L.sparse_categorical_crossentropy(y_true, y_pred) + 1.0


def focal(y_true, y_pred):
    true = ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), 10)
    p = ops.sum(true * y_pred, axis=-1)
    return -ops.square(1 - p) * ops.log(p + 1e-7)


def yes_or_no(y_true, y_pred):
    return L.binary_crossentropy(ops.reshape(y_true, (-1, 1)), y_pred)


def facts(model, x, y):
    made = subject(model, x, y)
    scored = scored_heads(model, made.task, made.sample, made.predictions)[0]
    loss = recognised(scored).head.loss
    return loss.name, loss.from_logits, loss.builtin


@pytest.mark.parametrize(("loss", "from_logits"), [(scores, True), (doubled, False)])
def test_cross_entropy_is_known_by_its_numbers(loss, from_logits):
    name = "sparse_categorical_crossentropy"
    assert facts(classifier(loss=loss), *digits()) == (name, from_logits, True)


def test_binary_cross_entropy_is_known_by_its_numbers():
    model = compiled(keras.layers.Dense(1, activation="sigmoid"), shape=(30,), loss=yes_or_no)
    assert facts(model, *cancer()) == ("binary_crossentropy", False, True)


def test_another_loss_stays_what_it_is():
    assert facts(classifier(loss=focal), *digits()) == ("focal", False, False)


def test_labels_of_one_value_prove_nothing():
    x, y = cancer()
    model = compiled(keras.layers.Dense(1, activation="sigmoid"), shape=(30,), loss=yes_or_no)
    assert facts(model, x, y * 0 + 1) == ("yes_or_no", False, False)
