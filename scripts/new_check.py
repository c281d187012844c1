"""Writes a new check and its test from templates.

python scripts/new_check.py KR223 layer_habits --stage baseline
"""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHECK = '''from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed


@check("{code}", cost="static")
def {name}(model: Any, *, most: float = 0.0) -> Result:
    """A sentence that is true when the check passes.

    Why:
        What goes wrong otherwise, in silence.
    Fix:
        What to do.
    Tune:
        most: What it is; unit; source.
    Source:
        Karpathy 2019, stage ….
    """
    measured = 0.0
    if measured > most:
        return failed(
            f"measured {{measured:g}}; expected at most {{most:g}}",
            measured=measured,
            expected=most,
            cause="The likely cause.",
            fix=Fix(text="What to do.", code="one line of Keras"),
        )
    return passed("what holds", measured=measured, expected=most)
'''

TEST = '''"""{code}: fires on the sick, stays silent on the healthy."""

import specimens

from keras_recipe.checks.{stage}.{file} import {name}
from keras_recipe.core.result import Status


def test_silent_on_a_healthy_classifier():
    x, y = specimens.digits()
    result = specimens.examine({name}, specimens.classifier(), x, y)
    assert result.status is Status.PASS
'''


def main() -> None:
    """Write both files; refuses to overwrite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("code")
    parser.add_argument("name")
    parser.add_argument("--stage", required=True)
    given = parser.parse_args()
    file = f"{given.code.lower()}_{given.name}"
    values = {"code": given.code, "name": given.name, "stage": given.stage, "file": file}
    made = {
        ROOT / "keras_recipe" / "checks" / given.stage / f"{file}.py": CHECK,
        ROOT / "tests" / "checks" / given.stage / f"test_{file}.py": TEST,
    }
    for path, template in made.items():
        if path.exists():
            parser.error(f"{path} exists already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.format(**values), encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
