"""How many labels are wrong? An estimate is only as good as what the inputs say.

Film snippets that 15 to 30 people rated: take one person's word as the label, and the mean of
all as the truth, and the true share of wrong labels is known. Digits get as many wrong
labels. You see the estimate find them in pictures, where a simple model knows what is right.
Of the texts it knows three quarters: confident learning counts what it does not know as wrong,
and the estimate gives no number. The labels ranked first are worth a look in both. With two
people's words for each snippet their disagreement bounds the share of wrong ones.

KERAS_BACKEND=jax python examples/09_label_noise.py   (about 30 s on 2 cores)
"""

import json

import numpy as np
import real_data
from sklearn.datasets import load_digits

from keras_recipe.without_model import look

folder = real_data.path("vaderSentiment/movieReviewSnippets_GroundTruth.txt").parent
random = np.random.default_rng(0)


def column(file: str, number: int) -> list[str]:
    """One column of a table with tabs."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[number] for line in lines]


def estimated(said: str, x: np.ndarray, given: np.ndarray, truth: np.ndarray) -> None:
    """Print the true share of wrong labels beside the estimates."""
    found = look(x, given, select=["KR101", "KR102", "KR107"])["KR107"]
    told = found.evidence
    print(f"{said}: {(given != truth).mean():.1%} are wrong")
    print(f"  confident learning counts {told['confident_learning']:.1%}")
    if "estimate" in told:
        print(f"  the surest rows say {told['estimate']:.1%}")
    else:
        print("  how many are wrong cannot be told from what the model does not know")
    first = told["suspects"]
    print(f"  of the {len(first)} ranked first {sum(given[first] != truth[first])} are wrong")


ratings = [json.loads(row) for row in column("movieReviewSnippets_anonDataRatings.txt", 3)]
truth = np.array([np.mean(row) > 0 for row in ratings], "int32")
given = np.array([random.choice(row) > 0 for row in ratings], "int32")
snippets = np.array(column("movieReviewSnippets_GroundTruth.txt", 2))

digits = load_digits()
wrong = random.random(len(digits.target)) < (given != truth).mean()
shifted = (digits.target + wrong * random.integers(1, 10, len(wrong))) % 10
estimated("digits", (digits.data / 16).astype("float32"), shifted, digits.target)
estimated("film snippets", snippets, given, truth)

both = np.array([random.choice(row, 2, replace=False) > 0 for row in ratings], "int32")
repeats = look(np.repeat(snippets, 2), both.ravel(), select=["KR103"])["KR103"].evidence
low, high = repeats["wrong_between"]
print(f"two people a snippet: {(both != truth[:, None]).mean():.1%} are wrong")
print(
    f"  two labels differ {high:.1%} of the time: about {repeats['wrong_labels']:.1%} are wrong"
)
print(f"  and between {low:.1%} and {high:.1%} for certain")
