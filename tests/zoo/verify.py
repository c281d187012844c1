"""Trains sick and healthy programs alike, on held-out rows: are they what they claim to be?

    KERAS_BACKEND=torch python tests/zoo/verify.py [--only NAME ...] [--seeds 0,1]

Prints a line a program and lists at the end those that are not.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
from zoo import registry, truth


def score(entry, sick, seed):
    """Held-out score after training; a program that cannot be trained scores `BROKEN`."""
    program = entry.build(sick=sick, seed=seed)
    data = {"validation_data": program.validation_data, **program.fit}
    try:
        program.model.fit(program.x, program.y, verbose=0, **data)
        return program.score(program.model)
    except Exception as error:  # some sick programs cannot be trained on some backends
        if not sick:
            raise
        print(f"    refused: {type(error).__name__}: {str(error)[:100]!r}")
        return truth.BROKEN
    finally:
        keras.backend.clear_session()


def judge(entry, seed):
    """Print one line; return whether the program is what it claims to be."""
    began, twin, sick = time.perf_counter(), None, None
    try:
        twin = score(entry, False, seed)
        sick = score(entry, True, seed) if entry.kinds else None
    except Exception as error:  # one broken builder must not hide the others
        print(f"BROKEN {entry.name} seed {seed}: {type(error).__name__}: {str(error)[:300]}")
        return False
    good = twin >= entry.least and (sick is None or not sick > twin - entry.margin)
    shown = "" if sick is None else f", sick {sick:.3f}"
    seconds = time.perf_counter() - began
    line = f"healthy {twin:.3f} (least {entry.least}){shown}  {seconds:.1f} s"
    print(f"{'ok    ' if good else 'WRONG '} {entry.name} seed {seed}: {line}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", default="0")
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")  # Keras's own hints about the sick ones
    faults, healthy = registry.load()
    backend = keras.backend.backend()
    wrong = [
        (entry.name, seed)
        for entry in [*faults.values(), *healthy.values()]
        for seed in map(int, wanted.seeds.split(","))
        if (not wanted.only or any(part in entry.name for part in wanted.only))
        and backend in entry.backends
        and not judge(entry, seed)
    ]
    print(f"{len(wrong)} not what they claim to be: {wrong}")


if __name__ == "__main__":
    main()
