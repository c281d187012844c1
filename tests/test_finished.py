"""What each stage gains on the program as it was given."""

import keras
from specimens import classifier, digits, subject

from keras_recipe.data.batch import Batch
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.finished import gains

X, Y = digits()


def test_a_model_with_another_loss_is_not_judged_by_the_given_one():
    given = classifier()
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    models = {"4": classifier(), "5": classifier(head=None, loss=logits), "6": classifier()}
    task = subject(given, X[:100], Y[:100]).task
    judge = HeldOut(model=given, rows=Batch(X[:50], Y[:50]), task=task)
    assert list(gains(given, models, judge)) == ["4", "6"]
