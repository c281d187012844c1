"""Programs as a user writes them into a file, for the tests of the command line."""

PLAIN = """
import keras, numpy as np

def factory():
    print("the user's own words")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((64, 3), "float32")
    return model, x, (x[:, 0] > 0.5).astype("int32")
"""
