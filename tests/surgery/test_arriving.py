"""A batch is seen once on its way in; the function is put back at once."""

import pytest

from keras_recipe.surgery.arriving import catch_next


class Model:
    """Stands for a model of each backend: they differ in how the batches come."""

    def __init__(self):
        self.seen = []
        self.train_function = self.run

    def run(self, *args):
        source = args[-1]
        batch = source[0] if isinstance(source, list) else next(source)
        self.seen.append(batch)
        return len(self.seen)


@pytest.mark.parametrize(
    "hand_over", [lambda b: ([b],), lambda b: (iter([b]),), lambda b: (0, iter([b]))]
)
def test_the_batch_is_seen_and_goes_on(hand_over):
    model, kept = Model(), []
    plain = model.train_function
    catch_next(model, "train_function", kept.append)
    assert model.train_function(*hand_over("first")) == 1
    assert model.train_function == plain
    model.train_function(*hand_over("second"))
    assert kept == ["first"]
    assert model.seen == ["first", "second"]


def test_the_end_of_the_data_is_passed_on():
    model, kept = Model(), []
    catch_next(model, "train_function", kept.append)
    with pytest.raises(StopIteration):
        model.train_function(iter([]))
    assert kept == []


def test_a_look_that_fails_does_not_matter():
    model = Model()
    catch_next(model, "train_function", lambda batch: 1 / 0)
    assert model.train_function(iter(["first"])) == 1


def test_it_can_be_taken_off():
    model, kept = Model(), []
    plain = model.train_function
    cancel = catch_next(model, "train_function", kept.append)
    cancel()
    cancel()
    assert model.train_function == plain
    model.train_function(iter(["first"]))
    assert kept == []
