"""The recipe as a gate: one command in CI, a JUnit file for its server, exit code 1 on a FAIL.

`program` returns what `fit` would be given; CI imports nothing else. It has a fault that
trains without an error: `softmax` over a single unit always says 1. You see the exit code,
and what the server would show. In a suite of pytest the same gate is
`keras_recipe.assert_recipe(**program())`.

KERAS_BACKEND=jax python examples/13_gate_in_ci.py   (about 15 s on 2 cores)
"""

import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

UNITS, HEAD = 1, "softmax"  # the fault; a single unit wants "sigmoid"


def program() -> dict[str, Any]:
    """Model and data, as `keras_recipe.check` takes them."""
    import keras
    from sklearn.datasets import load_breast_cancer

    cancer = load_breast_cancer()
    x = (cancer.data - cancer.data.mean(0)) / cancer.data.std(0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(UNITS, activation=HEAD),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return {"model": model, "x": x.astype("float32"), "y": cancer.target.astype("float32")}


if __name__ == "__main__":
    command = ["keras_recipe", "check", f"{__file__}:program", "--output", "recipe.xml"]
    command += ["--select", "KR10,KR202,KR203,KR204"]
    print(f"keras-recipe {' '.join(command[1:2])} 13_gate_in_ci.py:program --output recipe.xml")
    done = subprocess.run([sys.executable, "-m", *command], check=False, capture_output=True)
    print(f"exit code {done.returncode}")
    suite = ElementTree.parse("recipe.xml").getroot()
    print(f"{suite.get('tests')} test cases, {suite.get('failures')} failed")
    for case in suite.iter("testcase"):
        if (failure := case.find("failure")) is not None:
            print(f"  {case.get('name')}: {failure.get('message')}")
