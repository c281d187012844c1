"""A job killed again and again at random moments, beside the same job left alone.

The job is `target(folder, won)`, a function of a module of its own: it works in `folder`, where
it keeps journals, and writes what came of it to `won`. Used by the tests that kill and by
`scripts/bench_kills.py`.
"""

import json
import multiprocessing
import os
import random
import sys
import time
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from unittest import mock

PATIENCE = 900  # seconds of one process, far more than a job takes
BLINK = 0.001  # seconds between two looks at the folder
CLOCK = ("seconds", "path")  # what two runs of the same training differ in


@dataclass(frozen=True)
class Job:
    """What is killed.

    Attributes:
        target: The function, of a module that a new process can import.
        folder: Where it works.
        journals: Paths of its journals within the folder.
        ordered: Whether its trainings end in the same order each time.
    """

    target: object
    folder: Path
    journals: tuple[str, ...]
    ordered: bool = True

    @property
    def won(self):
        """The file with what came of it."""
        return self.folder.with_suffix(".won")

    def begun(self):
        """Start it in a process that a server, which has imported everything, forks."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([self.target.__module__])
        process = context.Process(target=self.target, args=(self.folder, self.won))
        with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
            process.start()  # the server looks there
        return process

    def lines(self):
        """The whole lines of each journal but its first."""
        found = {}
        for name in self.journals:
            path = self.folder / name
            content = path.read_bytes() if path.exists() else b""
            found[name] = content[: content.rfind(b"\n") + 1].splitlines()[1:]
        return found

    def count(self):
        """How many trainings are written down."""
        return sum(len(lines) for lines in self.lines().values())

    def files(self):
        """Every file with its size: what a write changes."""
        found = {}
        for path in self.folder.rglob("*"):
            try:
                found[path] = path.stat().st_size
            except FileNotFoundError:  # renamed meanwhile
                continue
        return found

    def results(self):
        """Trainings and outcome, without what the clock or the folder decides."""
        lines = {
            name: [
                {k: v for k, v in json.loads(line).items() if k not in CLOCK} for line in lines
            ]
            for name, lines in self.lines().items()
        }
        if not self.ordered:
            lines = {name: sorted(some, key=itemgetter("key")) for name, some in lines.items()}
        return {"journals": lines, "won": _pathless(json.loads(self.won.read_text()))}


def _pathless(data):
    if isinstance(data, dict):
        return {k: _pathless(v) for k, v in data.items() if k not in CLOCK}
    return [_pathless(one) for one in data] if isinstance(data, list) else data


@dataclass(frozen=True)
class Pace:
    """How long a job that is left alone takes.

    Attributes:
        trainings: Lines of its journals.
        each: Seconds between two of them.
        rest: Seconds after the last.
    """

    trainings: int
    each: float
    rest: float


def left_alone(job):
    """Do the job without a kill; return its pace."""
    process, began, counted, last = job.begun(), time.monotonic(), 0, time.monotonic()
    while process.is_alive() and time.monotonic() < began + PATIENCE:
        if job.count() > counted:
            counted, last = job.count(), time.monotonic()
        time.sleep(0.02)
    process.join(1)
    assert process.exitcode == 0, f"left alone it ended with {process.exitcode}"
    counted = job.count()
    return Pace(counted, (last - began) / max(counted, 1), time.monotonic() - last)


def killed_after(job, trainings):
    """Kill the job as soon as so many trainings are written down."""
    process = job.begun()
    _until(process, lambda: job.count() >= trainings)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -9, f"it ended with {process.exitcode}"


def killed(job, pace, times, seed=0, tell=lambda _: None):
    """Kill the job `times` times at random moments, then let it end; return when it was killed.

    Every other kill comes with a write: right after some file has appeared or grown. Between
    two kills no training gets lost or is done twice.

    Args:
        job: In a folder of its own.
        pace: Of the same job left alone.
        times: Kills.
        seed: Decides the moments.
        tell: Called with a text after each kill.
    """
    chance, moments, starts = random.Random(seed), [], 0
    most = 2 * pace.trainings / times  # on the average the last kill is near the end
    while len(moments) < times:
        starts += 1
        assert starts <= 10 * times, "the job ends before it can be killed"
        before, process = job.lines(), job.begun()
        done = job.count()
        more = int(chance.uniform(0, most) + chance.random())
        wanted = min(done + more, pace.trainings)
        _until(process, lambda wanted=wanted: job.count() >= wanted)
        pause = chance.uniform(0, pace.each if wanted < pace.trainings else pace.rest)
        if len(moments) % 2:
            _writes(job, process, chance.randrange(1, 12), pause)
        else:
            time.sleep(pause)
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode in (0, -9), f"it ended with {process.exitcode}"
        now = job.lines()
        for name, lines in before.items():
            assert now[name][: len(lines)] == lines, f"{name} lost what it had"
        if process.exitcode:  # else it was done before
            moments.append(job.count())
            tell(f"killed at {job.count()} of {pace.trainings} trainings")
    last = job.begun()
    last.join(PATIENCE)
    assert last.exitcode == 0, f"after the kills it ended with {last.exitcode}"
    for name, lines in job.lines().items():
        keys = [json.loads(line)["key"] for line in lines]
        assert len(set(keys)) == len(keys), f"{name} has trainings twice"
    return moments


def _until(process, happened):
    until = time.monotonic() + PATIENCE
    while process.is_alive() and not happened() and time.monotonic() < until:
        time.sleep(BLINK)


def _writes(job, process, count, pause):
    """Wait for so many writes; not much longer than `pause` for each of them."""
    until = time.monotonic() + count * max(pause, 0.05)
    seen = job.files()
    while process.is_alive() and count and time.monotonic() < until:
        now = job.files()
        count -= now != seen
        seen = now
        time.sleep(BLINK)
