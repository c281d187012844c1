"""How many labels are wrong? An estimate is only as good as what the inputs say.

Film snippets that 15 to 30 people rated: take one person's word as the label, and the mean of
all as the truth, and the true share of wrong labels is known. Digits get as many wrong
labels. You see that the estimate finds them in pictures, where a simple model knows what is
right, and not in counted words, where it mostly measures its own ignorance: a high estimate
is a reason to look at the suspects, never a count.

KERAS_BACKEND=jax python examples/09_label_noise.py   (about 20 s on 2 cores)
"""

import json

import keras
import numpy as np
import real_data
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import HashingVectorizer

import keras_recipe

folder = real_data.path("vaderSentiment/movieReviewSnippets_GroundTruth.txt").parent
random = np.random.default_rng(0)


def column(file: str, number: int) -> list[str]:
    """One column of a table with tabs."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[number] for line in lines]


def estimated(said: str, x: np.ndarray, given: np.ndarray, truth: np.ndarray) -> None:
    """Print the true share of wrong labels beside the estimate."""
    classes = int(given.max()) + 1
    head = keras.layers.Dense(classes, activation="softmax")
    model = keras.Sequential([keras.Input(x.shape[1:]), head])
    model.compile("adam", "sparse_categorical_crossentropy")
    found = keras_recipe.check(model, x, given, select=["KR107"])["KR107"]
    told = found.evidence.get("estimate")
    print(f"{said}: {(given != truth).mean():.1%} are wrong, ", end="")
    print(f"estimated {told:.1%}" if told is not None else f"no estimate: {found.message}")


ratings = [json.loads(row) for row in column("movieReviewSnippets_anonDataRatings.txt", 3)]
truth = np.array([np.mean(row) > 0 for row in ratings], "int32")
given = np.array([random.choice(row) > 0 for row in ratings], "int32")
words = HashingVectorizer(n_features=128, norm=None, alternate_sign=False, dtype="float32")
snippets = words.transform(column("movieReviewSnippets_GroundTruth.txt", 2)).toarray()

digits = load_digits()
wrong = random.random(len(digits.target)) < (given != truth).mean()
shifted = (digits.target + wrong * random.integers(1, 10, len(wrong))) % 10
estimated("digits", (digits.data / 16).astype("float32"), shifted, digits.target)
estimated("film snippets", snippets, given, truth)
