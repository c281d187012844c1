"""KerasTuner's oracle as the workers of a search see it: every answer is written down."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_tuner.engine.trial import Trial

from keras_recipe.core.errors import InputError
from keras_recipe.core.result import plain
from keras_recipe.core.said import said
from keras_recipe.experiments.journal import Journal
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.search.run import Run
from keras_recipe.search.shared import Kept
from keras_recipe.search.tuners import plain_values

#: Workers that died in a trial after which it counts as failed, lest it kill them all: dask's
#: default for the same (`distributed.scheduler.allowed-failures`).
MOST_DEATHS = 3
BEGUN, REFUSED, ENDED = "begun", "refused", "ended"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What the oracle was asked or told.

    Attributes:
        key: Its number.
        what: `"begun"` (a trial), `"refused"` (to begin one now) or `"ended"` (a trial).
        trial: KerasTuner's name of the trial; "" when refused.
        values: The hyperparameters of one that is begun.
    """

    key: str
    what: str
    trial: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return dict(plain(asdict(self)))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Event:
        """Return the event that `to_dict` wrote.

        Raises:
            TypeError: It is no event.
            ValueError: It is none that can be.
        """
        made = cls(**data)
        if made.what not in (BEGUN, REFUSED, ENDED):
            msg = f"an event is {BEGUN}, {REFUSED} or {ENDED}"
            raise ValueError(msg)
        return made


class Chief:
    """Stands before an oracle, deals its trials to workers and takes back those of the dead.

    The oracle's answers depend on what it was asked and told, in order. That order is in
    `events`; told again to a fresh oracle of the same seed, it is where it was.

    Args:
        oracle: KerasTuner's, fresh.
        run: What the trials share; ended ones are added to its journal.
        events: Journal of `Event`.
        kept: Where workers leave the trials they trained.
    """

    # KerasTuner's server looks at these once a worker was told to stop: it may end then
    ongoing_trials: tuple[str, ...] = ()
    tuner_ids: tuple[str, ...] = ()
    verbose: Any = 0

    def __init__(self, oracle: Any, run: Run, events: Journal, kept: Kept) -> None:
        self.oracle = oracle
        oracle.verbose = 0  # KerasTuner prints tables of its own
        self.changed = threading.Event()
        self.is_over, self.failure, self.ended = False, "", 0
        self._run, self._events, self._kept = run, events, kept
        self._lock = threading.Lock()
        self._holders: dict[str, str] = {}  # trial by worker
        self._open: list[str] = []  # trials begun and not ended
        self._waiting: list[str] = []  # those of them that no worker has
        self._deaths: Counter[str] = Counter()
        self._refused = False
        self._asked = 0

    def replay(self) -> None:
        """Bring the oracle to where the events end, and see whether anything is left to do.

        Raises:
            InputError: It does not ask for the same trials, or one is not in the journal.
        """
        for event in self._events.records.values():
            if event.what == ENDED:
                record = self._run.journal.records.get(event.trial)
                if record is None or event.trial not in self._open:
                    raise _stranger(event.trial)
                self._tell(record)
                self._run.finished(record)
                self._run.done += 1
                continue
            trial = self._ask()
            if _event("", trial) != Event(**{**asdict(event), "key": ""}):
                raise _stranger(event.trial)
        self._waiting = list(self._open)
        if self._open:
            return
        first = self._begun()
        self.is_over = first is None  # no worker is needed
        self._waiting = [] if first is None else [first]

    def is_done(self) -> bool:
        """Whether no worker is needed any more: it is over, or something failed."""
        return self.is_over or bool(self.failure)

    def holders(self) -> tuple[str, ...]:
        """Return the workers that have a trial."""
        with self._lock:
            return tuple(self._holders)

    def hand_back(self, worker: str) -> None:
        """Take its trial from a dead worker; the next that asks gets it."""
        with self._lock:
            trial = self._holders.pop(worker, None)
            if trial is None:
                return
            self._deaths[trial] += 1
            self._run.tell(f"{worker} died in trial {trial}, which another one gets")
            if self._deaths[trial] < MOST_DEATHS:
                self._waiting.append(trial)
                return
            found = SearchTrial(
                key=trial,
                hyperparameters=plain_values(self.oracle.trials[trial].hyperparameters.values),
                seed=self._run.seed_of(trial),
                status="failed",
                message=f"{MOST_DEATHS} workers died in it",
            )
            self._end(found)

    # what KerasTuner's server calls for the workers, in a thread of its own

    def create_trial(self, tuner_id: str) -> Any:
        """Return the worker's trial, the next one, or that there is none (yet)."""
        with self._lock:
            key = None if self.failure else self._noted(self._dealt, tuner_id)
            if key is not None:
                return self.oracle.trials[key]
            idle = bool(self._open) and not self.failure
            if not idle:
                self.is_over = not self.failure
                self.changed.set()
            status = "IDLE" if idle else "STOPPED"
            return Trial(self.oracle.get_space(), trial_id="none", status=status)

    def update_trial(self, trial_id: str, metrics: Any, step: int = 0) -> Any:
        """Change nothing: the record has the score, in full precision."""
        del metrics, step
        return self.get_trial(trial_id)

    def end_trial(self, trial: Any) -> None:
        """Take a trial's record from the shared folder."""
        with self._lock:
            self._noted(self._collected, trial.trial_id)

    def get_trial(self, trial_id: str) -> Any:
        """Return a trial."""
        return self.oracle.trials[trial_id]

    def get_space(self) -> Any:
        """Return the space as it is known."""
        return self.oracle.get_space()

    def save(self) -> None:
        """Nothing: the events are what is kept."""

    def _noted(self, function: Any, argument: str) -> Any:
        """Call, and note what is raised for the thread that waits."""
        try:
            return function(argument)
        except Exception as error:  # noqa: BLE001  the server would drop it
            self.failure = said(error) or type(error).__name__
            self.changed.set()
            return None

    def _dealt(self, worker: str) -> str | None:
        if worker in self._holders:  # it asks again: its answer was lost
            return self._holders[worker]
        key = self._waiting.pop(0) if self._waiting else self._begun()
        if key is not None:
            self._holders[worker] = key
        return key

    def _begun(self) -> str | None:
        run = self._run
        if self._refused or (run.is_over() and self.oracle.trials):
            return None
        trial = self._ask()
        event = _event(str(len(self._events.records)), trial)
        self._events.add(event)
        if event.what == REFUSED:
            return None
        most = self.oracle.max_trials
        of = f" of {most}" if most else ""
        run.progress(f"trial {len(self.oracle.trials)}{of}{run.time_left(most)}")
        return event.trial

    def _ask(self) -> Any:
        """Ask the oracle as someone new: it gives those who have a trial the same again."""
        self._asked += 1
        trial = self.oracle.create_trial(f"asked-{self._asked}")
        self._refused = trial.status != "RUNNING"
        if not self._refused:
            self._open.append(trial.trial_id)
        return trial

    def _collected(self, key: str) -> None:
        record = self._kept.get(key)
        if record is None:
            msg = (
                f"Trial {key} was trained where its record cannot be read here; chief and "
                "workers need the same --log-dir, on a file system they share."
            )
            raise InputError(msg)
        self._end(record)

    def _end(self, record: SearchTrial) -> None:
        if record.key not in self._open:
            return  # ended already
        self._tell(record)
        if record.key not in self._run.journal.records:
            self._run.journal.add(record)
        self._events.add(
            Event(key=str(len(self._events.records)), what=ENDED, trial=record.key)
        )
        self._run.done += 1
        self._run.trained += 1
        self.ended += 1

    def _tell(self, record: SearchTrial) -> None:
        trial = self.oracle.trials[record.key]
        if set(record.hyperparameters) - set(trial.hyperparameters.values):
            with suppress(Exception):  # tell the oracle what only this trial asks for
                self._run.hypermodel.build(trial.hyperparameters)
            for name, value in record.hyperparameters.items():
                trial.hyperparameters.values.setdefault(name, value)
        trial.status = "FAILED"
        if record.score is not None:
            self.oracle.update_trial(record.key, {self.oracle.objective.name: record.score})
            trial.status = "COMPLETED"
        self.oracle.end_trial(trial)
        self._open.remove(record.key)
        self._refused = False  # it may go on now
        self._holders = {k: v for k, v in self._holders.items() if v != record.key}
        if record.key in self._waiting:
            self._waiting.remove(record.key)


def _event(key: str, trial: Any) -> Event:
    if trial.status != "RUNNING":
        return Event(key=key, what=REFUSED)
    values = dict(plain(plain_values(trial.hyperparameters.values)))
    return Event(key=key, what=BEGUN, trial=trial.trial_id, values=values)


def _stranger(trial: str) -> InputError:
    return InputError(
        f"Trial {trial or '(none)'} of the journal is not what this search asks for there; "
        "delete tune.jsonl to begin anew."
    )
