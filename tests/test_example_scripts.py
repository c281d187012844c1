"""Every example runs to its end and shows its lesson."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples"
EXAMPLES = {p.stem: p for p in sorted(FOLDER.glob("[0-9]*.py"))}
EXAMPLES |= {p.parent.name: p for p in sorted(FOLDER.glob("[0-9]*/run.py"))}
LESSONS = {
    "01_check_and_train": ["passed"],
    "02_learning_rate": ["passed"],
    "03_overfit_one_rung_at_a_time": ["passed"],
    "04_loss_at_init": [r"as they come: (warn|fail)", r"divided by 255: pass"],
    "05_overfit_one_batch": [r"tanh at the end: (warn|fail)", r"linear at the end: pass"],
    "06_samples_mixed_in_a_batch": [r"reshape: fail", r"transpose: pass"],
    "07_output_bias": [r"rain in 6\.7%", r"KR205 (warn|fail)", r"KR205 pass"],
    "08_a_real_table": [r"4069 of 32561 rows", r"wrong on 768 rows", r"1836 of 32561 are '\?'"],
    "09_label_noise": [r"digits: \d\.\d% are wrong", r"film snippets: 7\.\d% are wrong"],
    "10_causality": [r"KR214 fail", r"KR214 pass"],
    "11_custom_check": [r"as they are: pass", r"FAIL +KR190 blank-images"],
    "12_callbacks_only": [r"KR313 (warn|fail)", r"without the callback: True"],
    "13_gate_in_ci": [r"exit code 1", r"12 test cases, 1 failed\n  KR202"],
    "14_regularize": [r"upside down .* no: ", r"kept: (?!nothing)"],
    "15_random_or_bayesian": [
        r"random: .* after 8\n",
        r"bayesian: .* after 8\n",
        r"winner \d",
    ],
    "16_ensemble_and_student": [
        r"ensemble, on .*: test loss",
        r"student, on its twin .*: test loss",
    ],
}


def ran(path, folder, **environment):
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_ends_well_and_shows_its_lesson(name, tmp_path):
    done = ran(EXAMPLES[name], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    if "scripts/real_data.py" in done.stdout:
        pytest.skip(done.stdout.strip())
    for fact in LESSONS[name]:
        assert re.search(fact, done.stdout), done.stdout


def test_each_has_its_lesson():
    assert set(EXAMPLES) == set(LESSONS)


def test_data_that_are_not_there_end_an_example_with_a_sentence(tmp_path):
    done = ran(EXAMPLES["08_a_real_table"], tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.fullmatch(r".*adult\.csv\.gz is not there: .*real_data\.py.*\n", done.stdout)
    assert not (tmp_path / "adult.csv").exists()
