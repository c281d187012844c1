"""Shows the zoo's programs to `keras_recipe`, each in a worker process with a time limit.

`examine` does what a user would: `check`, then `fit`, then look at the report.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import multiprocessing
import os
import sys
import time
import warnings
from pathlib import Path

LIMIT = 240.0  # seconds for one program


def _statuses(report):
    return {r.code: str(r.status) for r in report.results}


def _problems(report):
    return [
        {"code": r.code, "status": str(r.status), "message": r.message, "seconds": r.seconds}
        for r in report.problems
    ]


def examine(name, sick, seed, budget=60.0):
    """Check, fit and score one program; return plain data."""
    from zoo import registry, truth

    import keras_recipe

    program = registry.entry(name).build(sick=sick, seed=seed)
    data = {"validation_data": program.validation_data, **program.fit}
    model, refused, score = keras_recipe.RecipeModel(program.model), "", truth.BROKEN
    began = time.perf_counter()
    model.check(program.x, program.y, budget=budget, **data)
    checked = time.perf_counter()
    try:
        model.fit(program.x, program.y, verbose=0, **data)
        score = program.score(program.model)
    except Exception as error:  # some sick programs cannot be trained at all
        if not sick:
            raise
        refused = f"{type(error).__name__}: {error}"[:200]
    return {
        "score": score,
        "problems": _problems(model.report),
        "statuses": _statuses(model.report),
        "slowest": {r.code: r.seconds for r in sorted(model.report.results, key=_slow)[:5]},
        "errors": [r.message for r in model.report.results if r.status == "error"],
        "refused": refused,
        "check_s": round(checked - began, 2),
        "fit_s": round(time.perf_counter() - checked, 2),
    }


def _slow(result):
    return -result.seconds


class Repair:
    """One program: looked at, changed by a fix and looked at again."""

    def __init__(self, name, sick, seed, budget):
        from zoo import registry

        self.build = lambda: registry.entry(name).build(sick=sick, seed=seed)
        self.budget = budget
        self.start()

    def start(self):
        """Build the program as it was."""
        import keras_recipe

        program = self.build()
        data = {"validation_data": program.validation_data, **program.fit}
        self.model = keras_recipe.RecipeModel(program.model)
        self.given = {"x": program.x, "y": program.y, **data}

    def look(self, *, fitted):
        """Check, train if asked for, and return the report."""
        self.model.check(**self.given, budget=self.budget)
        if fitted:
            with contextlib.suppress(Exception):  # some sick programs cannot be trained at all
                self.model.fit(**self.given, verbose=0)
        return self.model.report

    def apply(self, fix):
        """Make the change on the model and on what `fit` is given."""
        if fix.action is not None:
            self.model = fix.apply(self.model)
        if fix.data is not None:
            self.given = fix.apply_to_data(**self.given)


def mend(name, sick, seed, budget=60.0):
    """Apply the first fix of a FAIL, look again, and say whose verdict changed.

    Where no FAIL before training has a fix that can be applied, the program is trained too,
    before and after.
    """
    import keras_recipe

    repair = Repair(name, sick, seed, budget)
    for fitted in (False, True):
        before = repair.look(fitted=fitted)
        fixable = [r for r in before.failures if r.fix is not None and r.fix.can_be_applied]
        if fixable:
            break
    found = {"fails": [r.code for r in before.failures], "fixed": "", "fitted": fitted}
    if not fixable:
        return found
    finding = fixable[0]
    if fitted:  # the fix goes to the program as it was before its training
        repair.start()
    try:
        repair.apply(finding.fix)
    except keras_recipe.InputError as refused:
        return {**found, "refused": f"{finding.code}: {refused}"}
    after = repair.look(fitted=fitted)
    return {
        **found,
        "fixed": finding.code,
        "text": finding.fix.text,
        "after": [r.code for r in after.failures],
        "message": after[finding.code].message,
        "touched": touched(_statuses(before), _statuses(after)),
    }


def touched(before, after):
    """Return the codes that were no FAIL and are one now, nothing kept from looking before."""
    judged = {code: status for code, status in before.items() if status in ("pass", "warn")}
    return sorted(code for code in judged if after.get(code) == "fail")


def _work(jobs, pipe):
    warnings.simplefilter("ignore")
    while (job := pipe.recv()) is not None:
        task, name, sick, seed = job
        try:
            out = jobs[task](name, sick, seed)
        except Exception as error:  # a crash is a result
            out = {"crash": f"{type(error).__name__}: {error}"[:400]}
        _forget()
        pipe.send(out)


def _forget():
    import keras

    keras.backend.clear_session()


class Worker:
    """A process that does one job at a time and is replaced when it is silent for too long."""

    def __init__(self, jobs, limit):
        self.jobs, self.limit = jobs, limit
        self.start()

    def start(self):
        self.pipe, child = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_work, args=(self.jobs, child))
        self.process.start()

    def give(self, job):
        self.job, self.since = job, time.monotonic()
        self.pipe.send(job)

    def answer(self):
        """Return what came out, or None while it works."""
        if self.pipe.poll(0):
            try:
                return self.pipe.recv()
            except EOFError:
                pass
        alive = self.process.is_alive()
        if alive and time.monotonic() - self.since < self.limit:
            return None
        return {"crash": f"no answer in {self.limit:g} s" if alive else "the process died"}

    def restart(self):
        self.process.kill()
        self.process.join()
        self.start()

    def stop(self):
        self.pipe.send(None)
        self.process.join(10)


def run(todo, jobs, *, workers=2, limit=LIMIT, seen=lambda job, out: None):
    """Do every job `(task, name, sick, seed)`; return `{job: what came out}`."""
    multiprocessing.set_start_method("spawn", force=True)
    waiting, results, again = list(todo)[::-1], {}, set()
    idle, busy = [Worker(jobs, limit) for _ in range(min(workers, len(waiting)))], []
    while waiting or busy:
        while waiting and idle:
            busy.append(idle.pop())
            busy[-1].give(waiting.pop())
        for worker in list(busy):
            if (out := worker.answer()) is None:
                continue
            busy.remove(worker)
            idle.append(worker)
            if "crash" in out:
                worker.restart()
                if worker.job not in again:  # once more, in a process that knows of nothing
                    again.add(worker.job)
                    waiting.append(worker.job)
                    continue
            results[worker.job] = out
            seen(worker.job, out)
        time.sleep(0.05)
    for worker in idle:
        worker.stop()
    return results


PARTS = ("sick", "twins", "healthy")


def chosen(task, wanted, backend, parts=PARTS):
    """Jobs of the programs whose name holds one of `wanted.only` (all if empty)."""
    from zoo import registry

    faults, healthy = registry.load()
    variants = {"sick": (faults, True), "twins": (faults, False), "healthy": (healthy, False)}
    jobs = [
        (task, entry.name, sick, seed)
        for entries, sick in (variants[part] for part in parts if part in wanted.parts)
        for entry in entries.values()
        for seed in wanted.seeds
        if (not wanted.only or any(part in entry.name for part in wanted.only))
        and (not sick or backend in entry.backends)
    ]
    jobs.sort(key=_lot)  # what is done when someone stops it is a fair sample
    return jobs[: wanted.first]


def _lot(job):
    """A program's place in line: as good as random, and the same on every backend."""
    return hashlib.sha256(repr(job[1:]).encode()).digest()


def prepare():
    """Let programs and workers start alike: paths, threads, quiet logs; return the backend."""
    here = str(Path(__file__).resolve().parents[1])
    if here not in sys.path:
        sys.path.insert(0, here)
    for name, value in (("TF_CPP_MIN_LOG_LEVEL", "3"), ("OMP_NUM_THREADS", "1")):
        os.environ.setdefault(name, value)
    return os.environ.setdefault("KERAS_BACKEND", "jax")


def arguments(description, argv):
    """Parse what all the zoo's commands take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", nargs="*", default=[], help="parts of program names")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--seeds", default="0", help="for example 0,1,2")
    parser.add_argument("--first", type=int, help="so many programs only, a fair sample")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one program")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for one check()")
    parser.add_argument("--out", type=Path, help="write rows and summary here as JSON")
    parser.add_argument("--quiet", action="store_true")
    wanted = parser.parse_args(argv)
    wanted.seeds = [int(seed) for seed in wanted.seeds.split(",")]
    return wanted
