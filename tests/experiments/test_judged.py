import numpy as np
import pytest
from healthy import BUILDERS, some_digits, standard_diabetes
from keras import layers as L
from keras import ops
from specimens import cancer, compiled, subject

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.judged import judged
from keras_recipe.surgery.preserve import preserve


def of(model, x, y, outputs=None, **settings):
    made = subject(model, x, y, **settings)
    said = made.predictions if outputs is None else outputs
    return judged(model, made.task.heads[0], made.sample, said), made.sample


def binary(activation="sigmoid", loss="binary_crossentropy"):
    return compiled(L.Dense(1, activation=activation), shape=(30,), loss=loss)


def test_classes_are_counted_in_every_sense():
    x, y = some_digits(200)
    outputs = np.eye(10)[y].astype("float32")
    one, _ = of(compiled(L.Dense(10, activation="softmax")), x, y, outputs)
    assert one.form == "classes"
    found = one.standings(np.roll(one.labels, 1))
    assert len(found) == 4
    assert all(s.net == 0 for s in found)
    assert found[1].constant == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("activation", "loss", "scale", "offset"),
    [
        ("sigmoid", "binary_crossentropy", 1, 0),
        (None, "hinge", 2, -1),
        ("tanh", "hinge", 2, -1),
    ],
)
def test_one_unit_is_read_with_the_border_that_favours_it(activation, loss, scale, offset):
    x, y = cancer()
    labels = (scale * y + offset).astype("float32")
    outputs = (0.9 * labels[:, None]).astype("float32")
    one, _ = of(binary(activation, loss), x, labels, outputs)
    np.testing.assert_array_equal(one.said, one.labels)


def test_numbers_cost_what_the_model_says_they_cost():
    x, y = standard_diabetes()
    model = compiled(L.Dense(1), shape=(10,), loss="mae")
    one, _ = of(model, x, y)
    with preserve(model):
        (standing,) = one.standings(one.labels)
    assert standing.rival == pytest.approx(0, abs=1e-6)
    errors = np.abs(np.asarray(one.said) - one.labels)
    assert standing.net == pytest.approx(errors.mean(), rel=0.05)
    assert standing.constant < np.abs(y).mean() * 1.05


def test_labels_by_share_and_by_f1():
    x, y = some_digits(200)
    labels = np.stack([y % 2, y > 6, y == 9], 1).astype("float32")
    model = compiled(L.Dense(3, activation="sigmoid"), loss="binary_crossentropy")
    one, _ = of(model, x, labels, labels)
    wrong, missed = one.standings(1 - one.labels)
    assert (wrong.net, missed.rival) == (0, 1)


@pytest.mark.parametrize("name", ["linear_autoencoder", "pixels", "own_likelihood"])
def test_what_no_simple_model_says_is_refused(name):
    model, x, y, _ = BUILDERS[name]()
    with pytest.raises(NotApplicable):
        of(model, x, y)


def test_weights_of_zero_everywhere_are_refused():
    x, y = cancer()
    with pytest.raises(NotApplicable, match="weight 0"):
        of(binary(), x, y.astype("float32"), sample_weight=np.zeros(len(y)))


def test_a_distance_is_no_answer():
    def near_where_one(same, distance):
        far = ops.maximum(1.0 - distance, 0.0)
        return ops.mean(same * ops.square(distance) + (1 - same) * ops.square(far), axis=-1)

    def near_where_zero(other, distance):
        return near_where_one(1 - other, distance)

    x, y = cancer()
    y = y[:, None].astype("float32")
    assert of(binary("relu", near_where_zero), x, y)[0].form == "classes"
    with pytest.raises(NotApplicable, match="does not say the labels"):
        of(binary("relu", near_where_one), x, y)
