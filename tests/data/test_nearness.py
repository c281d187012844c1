"""Near copies are found, and the density of the data is no copy."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from specimens import cancer, digits

from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents, copies
from keras_recipe.data.nearness import Sketch, near


def sketch(x, like=None, pieces=2):
    made = Sketch(0, like)
    for part in np.array_split(np.arange(len(x)), pieces):
        made.add(Batch(x[part]))
    return made


def split(x, rows):
    mine = sketch(x[:rows])
    return mine, lambda other: sketch(other, mine)


def test_planted_copies_with_noise():
    x, _ = digits(flat=False)
    mine, held = split(x, 1400)
    noise = np.random.default_rng(0).integers(-1, 2, (50, 8, 8, 1)) / 255
    found = near(held(np.concatenate([x[1400:], x[:50] + noise])), mine)
    assert found.count == 50
    assert set(found.pairs) <= {(len(x) - 1400 + i, i) for i in range(50)}
    assert near(held(x[1400:]), mine).count == 0
    assert near(mine).count == 0


@pytest.mark.parametrize("columns", [8, 12, 30])
@pytest.mark.parametrize("kind", ["normal", "clusters", "lognormal", "plane"])
def test_dense_places_are_no_copies(columns, kind):
    random = np.random.default_rng(columns)
    x = random.standard_normal((1500, columns))
    if kind == "clusters":
        x = 0.2 * x + random.standard_normal((5, columns))[random.integers(0, 5, 1500)]
    if kind == "lognormal":
        x = np.exp(x)
    if kind == "plane":
        x = x[:, :3] @ random.standard_normal((3, columns))
    mine, held = split(x.astype("float32"), 1000)
    assert near(held(x[1000:].astype("float32")), mine).share < 0.01


def sensors(rows=900, columns=10):
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, 4)) @ random.standard_normal((4, columns))
    return 10 * x + 5 * random.standard_normal((rows, columns)) + 20


@pytest.mark.parametrize("shape", [(10,), (5, 2)])
@pytest.mark.parametrize("code", [-999, -99999])
def test_codes_for_unknown_make_no_neighbours_and_hide_none(code, shape):
    x, random = sensors(), np.random.default_rng(1)
    gaps = random.random(x.shape) < 0.1
    x = np.where(gaps, code, x).astype("float32")
    close = x[:60] + np.where(gaps[:60], 0, 1e-2 * random.standard_normal((60, 10)))
    rows = np.concatenate([x, close]).reshape(-1, *shape).astype("float32")
    mine, held = split(rows, 700)
    assert near(mine).count == 0
    assert near(held(rows[700:900])).count == 0
    assert near(held(rows[700:]), mine).count == 60


def test_rows_of_codes_alone_and_groups_far_away_are_no_copies():
    x, random = sensors(), np.random.default_rng(1)
    lost = random.random(900) < 0.05
    x[lost, 1:] = -9999
    mine, held = split(x.astype("float32"), 700)
    assert near(held(x[700:].astype("float32")), mine).share < 0.01
    x = random.standard_normal((900, 30)) + 50 * (random.random((900, 1)) < 0.1)
    mine, held = split(x.astype("float32"), 700)
    assert near(held(x[700:].astype("float32")), mine).count == 0


def test_windows_over_a_series_are_no_copies():
    series = np.sin(0.1 * np.arange(1200)) + 0.05 * np.random.default_rng(0).standard_normal(
        1200
    )
    x = np.stack([series[i : i + 20] for i in range(1180)]).astype("float32")
    x = x[np.random.default_rng(1).permutation(1180)][..., None]
    mine, held = split(x, 900)
    assert near(held(x[900:]), mine).count == 0


def test_a_table_with_scales_of_its_own():
    x, _ = cancer()
    x = x * 10.0 ** np.arange(-15, 15)
    mine, held = split(x.astype("float32"), 400)
    close = x[:20] * (1 + 1e-3 * np.random.default_rng(0).standard_normal((20, 30)))
    assert near(held(np.concatenate([x[400:], close]).astype("float32")), mine).count >= 18


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).integers(0, 9, (300, 12)),  # tokens
        np.random.default_rng(0).integers(0, 2, (300, 12)).astype("float32"),  # codes
        np.random.default_rng(0).random((300, 3)),  # too few columns
        np.full((300, 12), "a"),
    ],
)
def test_rows_without_distances(x):
    assert len(sketch(x).points) == 0
    assert near(sketch(x)).count == 0


def test_rows_of_many_shapes():
    made = Sketch()
    made.add(Batch(np.random.default_rng(0).random((50, 9))))
    made.add(Batch(np.random.default_rng(0).random((50, 12))))
    assert len(made.points) == 0


def test_a_class_that_training_hardly_has_is_no_copy():
    x, y = digits(flat=False)
    few = np.flatnonzero(y == 4)
    mine, held = split(np.concatenate([x[y < 4], x[few[:2]]]), len(x))
    assert near(held(x[few[2:]]), mine).count == 0


def test_small_classes_are_no_copies():
    random = np.random.default_rng(0)
    centres = random.standard_normal((80, 12))
    x = centres[random.integers(0, 80, 500)] + 0.3 * random.standard_normal((500, 12))
    mine, held = split(x.astype("float32"), 400)
    assert near(held(x[400:].astype("float32")), mine).share < 0.02


def fashion_mnist():
    """The pictures of Fashion-MNIST, from Debian's package or where Keras keeps them."""
    homes = Path("/usr/share/datasets"), Path.home() / ".keras" / "datasets"
    for folder in (home / "fashion-mnist" for home in homes):
        files = [folder / f"{name}-images-idx3-ubyte.gz" for name in ("train", "t10k")]
        if all(file.is_file() for file in files):
            read = [
                np.frombuffer(gzip.decompress(f.read_bytes()), "uint8", -1, 16) for f in files
            ]
            return [images.reshape(-1, 28, 28, 1) for images in read]
    return pytest.skip("Fashion-MNIST is not on this computer (Debian: dataset-fashion-mnist)")


def taken_in(made, x):
    for start in range(0, len(x), 2048):
        made.add(Batch(x[start : start + 2048]))
    return made


@pytest.mark.parametrize("noise", [0, 1])
def test_500_test_pictures_planted_among_60000(noise):
    train, test = fashion_mnist()
    random = np.random.default_rng(0)
    chosen = np.sort(random.permutation(len(test))[:500])
    copied = test[chosen] + random.integers(-noise, noise + 1, (500, 28, 28, 1))
    x = np.concatenate([train, np.clip(copied, 0, 255).astype("uint8")])
    planted = {(int(row), len(train) + place) for place, row in enumerate(chosen)}
    if not noise:
        found = copies(taken_in(Contents(), test), taken_in(Contents(), x), most=1000)
        assert set(found.pairs) == planted
        return
    mine = taken_in(Sketch(0), x)
    pairs = near(taken_in(Sketch(0, mine), test), mine, most=1000).pairs
    assert len(planted & set(pairs)) >= 0.95 * 500
    for row, place in set(pairs[:500]) - planted:  # the set has near copies of its own
        difference = np.abs(test[row].astype(int) - x[place])
        assert difference.max() <= 5, (row, place)  # one picture: pixels reach 255
