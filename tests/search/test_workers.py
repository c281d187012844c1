"""Workers of a search: one killed in mid-trial, a chief that goes on, and what is refused."""

import json
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from climbing import rows
from killing import PATIENCE, Job, killed_after
from led import KEPT, alone, run, trials
from led import ROWS as FEWER
from one_backend import ONE_BACKEND
from searching import build

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.chief import MOST_DEATHS, Chief, Event
from keras_recipe.search.leading import Crew, crew_of
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.run import Run, program
from keras_recipe.search.searching import search
from keras_recipe.search.shared import Kept, held, is_held, received, send
from keras_recipe.search.tuners import tuner
from keras_recipe.search.working import join

TRIALS = 6
ROWS = (rows(), rows(96, 192))
FACTORY = """
import os, signal
from pathlib import Path
import keras, keras_tuner
from climbing import rows
from searching import build

class Mortal(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if os.environ.get("KERASTUNER_TUNER_ID") == "worker-0" and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)

class Program(keras_tuner.HyperModel):
    def build(self, hp):
        return build(hp)

    def fit(self, hp, model, *args, callbacks=(), **kwargs):
        return model.fit(*args, callbacks=[*callbacks, Mortal()], **kwargs)

def factory():
    train, held = rows(), rows(96, 192)
    return {"model": Program(), "x": train.x, "y": train.y,
            "validation_data": (held.x, held.y)}
"""


@ONE_BACKEND
def test_a_worker_killed_in_mid_trial_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # where the workers look
    monkeypatch.chdir(tmp_path)
    Path("hyper.py").write_text(FACTORY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from hyper import Program

    told, plan = [], SearchPlan(method="random", trials=TRIALS, epochs=2)
    crew = Crew(workers=2, target="hyper:factory", folder=tmp_path / "led")
    led = {"folder": crew.folder, "crew": crew, "moves": KEPT}
    found = search(Program(), plan, *FEWER, progress=told.append, **led)
    assert Path("died").exists()
    assert sum("died in trial" in text for text in told) == 1
    assert trials(found) == trials(search(Program(), plan, *FEWER, moves=KEPT))
    assert "'wide', which a ladder kept, is left out" in str(found)
    assert found.best.path.exists()
    assert found.model.evaluate(*ROWS[1].parts()[:2], verbose=0)[0] == pytest.approx(
        found.best.score, rel=1e-4
    )
    # the same again trains nothing and ends alike; a journal begun by workers stays theirs
    led["crew"] = replace(crew, workers=1)
    assert trials(search(Program(), plan, *FEWER, **led)) == trials(found)
    with pytest.raises(InputError, match=r"another run \(workers differ"):
        search(Program(), plan, *FEWER, folder=crew.folder, moves=KEPT)


@ONE_BACKEND
def test_a_chief_killed_in_mid_search_goes_on_with_what_was_trained(tmp_path):
    job = Job(run, tmp_path / "led", ("tune.jsonl",))
    killed_after(job, 2)
    before = job.lines()["tune.jsonl"]
    assert 2 <= len(before) < TRIALS
    last = job.begun()
    last.join(PATIENCE)
    assert last.exitcode == 0
    lines = job.lines()["tune.jsonl"]
    assert lines[: len(before)] == before
    assert len(lines) == len({json.loads(line)["key"] for line in lines}) == TRIALS
    assert json.loads(job.won.read_text()) == json.loads(json.dumps(trials(alone())))


def test_what_cannot_be_sent_is_one_sentence(tmp_path):
    lock = threading.Lock()
    stuck = Move(name="stuck", text="", change=lambda model: model if lock else None)
    with pytest.raises(InputError, match="cannot be sent to worker processes"):
        send([stuck], tmp_path)
    assert not list(tmp_path.iterdir())
    assert received(tmp_path, send([], tmp_path)) == ()
    names = send(KEPT, tmp_path)
    assert [one.name for one in received(tmp_path, names)] == names
    with pytest.raises(InputError, match="of another search"):
        received(tmp_path, ["else"])
    (tmp_path / "kept.pickle").write_bytes(b"torn")
    with pytest.raises(InputError, match="cannot be made in this process"):
        received(tmp_path, names)


class Play:
    """A chief whose workers only pretend to train: the score is the rate's."""

    def __init__(self, folder, method, trials=12):
        self.plan = SearchPlan(method=method, trials=trials, epochs=9)
        self.folder, self.told = folder, []

    def __enter__(self):
        self._programs = program(build, self.plan, (), ROWS)
        hyper, header = self._programs.__enter__()
        self._journals = [
            journal(self.folder / "tune.jsonl", header, SearchTrial),
            journal(self.folder / "chief.jsonl", header, Event),
        ]
        book, events = (one.__enter__() for one in self._journals)
        run = Run.of(hyper, book, self.plan, self.folder, None, self.told.append)
        self.kept = Kept(self.folder)
        self.chief = Chief(tuner(run, self.folder).oracle, run, events, self.kept)
        self.chief.replay()
        return self

    def __exit__(self, *error):
        for one in (*self._journals, self._programs):
            one.__exit__(*error)

    def train(self, trial):
        values, key = trial.hyperparameters.values, trial.trial_id
        score = None if values["units"] == 8 else abs(values["learning_rate"] - 0.01)
        record = {"key": key, "hyperparameters": values, "seed": 0, "score": score}
        status = "failed" if score is None else "done"
        self.kept.add(SearchTrial(**record, status=status))

    def work(self, most):
        """Three workers take turns, at most so many; the trials that two have at the end."""
        having = {}
        for turn in range(most):
            worker = f"worker-{turn % 3}"
            if worker in having:
                self.train(having[worker])
                self.chief.end_trial(having.pop(worker))
            trial = self.chief.create_trial(worker)
            if trial.status == "STOPPED":
                break
            if trial.status == "RUNNING":
                having[worker] = trial
        assert not self.chief.failure
        return having

    def asked(self):
        oracle = self.chief.oracle
        return {key: dict(one.hyperparameters.values) for key, one in oracle.trials.items()}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of the Gaussian
@pytest.mark.parametrize("method", ["random", "bayesian", "hyperband", "optuna"])
def test_a_chief_that_is_started_again_deals_the_same_trials(tmp_path, method):
    with Play(tmp_path / "whole", method) as play:
        play.work(200)
        whole = play.asked()
        assert play.chief.is_over
    with Play(tmp_path / "cut", method) as play:
        having = play.work(8)
        before = play.asked()
    with Play(tmp_path / "cut", method) as play:
        assert play.asked() == before
        dealt = [play.chief.create_trial(f"worker-{n}") for n in range(len(having))]
        assert {one.trial_id for one in dealt} == {one.trial_id for one in having.values()}
        for one in dealt:
            play.train(one)
            play.chief.end_trial(one)
        play.work(200)
        assert play.chief.is_over
        found = play.asked()
    assert len(found) == len(whole)
    if method == "random":
        assert found == whole
    else:  # which trials had ended when one was asked for is another order
        assert all(found[key] == values for key, values in before.items())


def test_a_dead_worker_s_trial_is_given_to_another_while_none_may_leave(tmp_path):
    with Play(tmp_path, "random", trials=2) as play:
        lost = play.chief.create_trial("worker-0")
        other = play.chief.create_trial("worker-1")
        assert play.chief.create_trial("worker-0").trial_id == lost.trial_id  # asked again
        play.train(other)
        play.chief.end_trial(other)
        assert play.chief.create_trial("worker-1").status == "IDLE"
        play.chief.hand_back("worker-0")
        assert play.chief.create_trial("worker-1").trial_id == lost.trial_id
        assert play.chief.holders() == ("worker-1",)


def test_a_trial_that_kills_its_workers_is_a_failed_one(tmp_path):
    with Play(tmp_path, "random", trials=1) as play:
        for number in range(MOST_DEATHS):
            trial = play.chief.create_trial(f"worker-{number}")
            play.chief.hand_back(f"worker-{number}")
        assert play.chief.create_trial("worker-9").status == "STOPPED"
        assert play.chief.oracle.trials[trial.trial_id].status == "FAILED"
        assert play.told[-1].startswith(f"worker-{MOST_DEATHS - 1} died in trial")


def test_a_trial_without_a_record_is_said_to_lack_the_shared_folder(tmp_path):
    with Play(tmp_path, "random") as play:
        play.chief.end_trial(play.chief.create_trial("worker-0"))
        assert "a file system they share" in play.chief.failure
        assert play.chief.create_trial("worker-1").status == "STOPPED"


def test_a_lock_tells_who_lives(tmp_path):
    path = tmp_path / "one.lock"
    assert not is_held(path)
    with held(path, "taken"):
        assert is_held(path)
    assert not is_held(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1, None, "a:b", Path()), "number of processes"),
        ((None, "a:1", "a:b", Path()), "how many `workers`"),
        ((2, "here", "a:b", Path()), "HOST:PORT"),
        ((0, None, "a:b", Path()), "address others can reach"),
        ((2, None, None, Path()), "module:factory"),
        ((2, None, "a:b", None), "log_dir"),
    ],
)
def test_what_cannot_be_led_is_one_sentence(arguments, words):
    with pytest.raises(InputError, match=words):
        crew_of(*arguments)
    assert crew_of(None, None, *arguments[2:]) is None


def test_a_worker_says_when_there_is_no_chief(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_recipe.search.working.PATIENCE", 0.01)
    monkeypatch.setattr("keras_recipe.search.working.LOOK", 0.01)
    with pytest.raises(InputError, match="No chief leads"):
        join(build, ROWS, "127.0.0.1:9", tmp_path, None)
    with pytest.raises(InputError, match="log_dir"):
        join(build, ROWS, "127.0.0.1:9", None, None)
