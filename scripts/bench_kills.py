"""Searches, ladders and whole runs killed at random moments: they end as if left alone.

Of a search by workers the process that leads is killed; its workers end by themselves.

Called by bench.py: `KERAS_BACKEND=torch python scripts/bench.py kills --what tune --times 20`.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: What is killed -> (module and function of tests/ that does it, its journals).
JOBS = {
    "tune": ("searching", "run", ("tune.jsonl",)),
    "workers": ("led", "run", ("tune.jsonl",)),
    "ladder": ("climbing", "climbed", ("ladder.jsonl",)),
    "run": (
        "running",
        "run",
        (
            "overfit.jsonl",
            "regularize.jsonl",
            "tune.jsonl",
            "retrained.jsonl",
            "squeeze/members.jsonl",
        ),
    ),
}


def run(arguments: Sequence[str]) -> None:
    """Kill, go on, compare; end with an error where anything differs.

    Args:
        arguments: `--what`, `--times`, `--seed`.
    """
    parser = argparse.ArgumentParser(prog="bench.py kills", description=__doc__)
    parser.add_argument("--what", choices=list(JOBS), help="default: all, one after the other")
    parser.add_argument("--times", type=int, default=20, help="kills of each")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments")
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    same = [_killed(one, given.times, given.seed) for one in JOBS if given.what in (None, one)]
    if not all(same):
        raise SystemExit(1)


def _killed(what: str, times: int, seed: int) -> bool:
    killing: Any = importlib.import_module("killing")
    module, function, journals = JOBS[what]
    target, began = getattr(importlib.import_module(module), function), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        alone, other = (
            killing.Job(target, Path(place) / name, journals, ordered=what != "workers")
            for name in ("alone", "killed")
        )
        pace = killing.left_alone(alone)
        try:
            moments = killing.killed(other, pace, times, seed, tell=_tell)
        except AssertionError as error:
            print(f"{what}: {error}")
            return False
        expected, found = alone.results(), other.results()
        left = [str(path.name) for path in (Path(place) / "killed").rglob("half-*")]
    spread = collections.Counter(moments)
    print(
        f"{what}: {len(moments)} kills, when so many of {pace.trainings} trainings were done: "
        + ", ".join(f"{done} ({count})" for done, count in sorted(spread.items()))
    )
    for name in ("journals", "won"):
        told = "the same" if expected[name] == found[name] else "OTHER THAN LEFT ALONE"
        print(f"{what}: {name} {told}")
    print(f"{what}: half files left {left or 'none'}; {time.monotonic() - began:.0f} s")
    return expected == found and not left


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
