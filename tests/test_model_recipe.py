"""What `RecipeModel` adds: the checklist, the watched `fit`, the toggles."""

import inspect
import warnings

import keras
import numpy as np
import pytest
from keras import layers
from wrapped import (
    WEIGHT,
    X,
    Y,
    alone,
    assert_equal,
    assert_same_training,
    compiled,
    fit_arrays,
    functional,
    sequential,
    tiny,
    trained,
    values,
    wrap,
)

from keras_recipe import examine
from keras_recipe.callbacks.monitor import RecipeMonitor, RecipeWarning
from keras_recipe.core.errors import RecipeFailed
from keras_recipe.core.report import Report
from keras_recipe.core.result import Cost, Status, failed, passed
from keras_recipe.model import RecipeModel
from keras_recipe.surgery.initialize import initialize_output_bias
from keras_recipe.surgery.toggles import set_dropout, set_weight_decay

FAIL = Report([failed("the labels are shuffled", code="KR999", name="made_up")])
PASS = Report([passed("all is well", code="KR999", name="made_up")])


def with_report(report, build=tiny):
    wrapped = wrap(build)
    wrapped._report = report
    return wrapped


@pytest.fixture
def asked(monkeypatch):
    """What reaches `examine.check`, which then finds nothing."""
    calls = []

    def record(model, **settings):
        calls.append({"model": model, **settings})
        return PASS

    monkeypatch.setattr(
        examine, "check", lambda model, x, y=None, **s: record(model, x=x, y=y, **s)
    )
    return calls


# check


def test_check_keeps_its_report_and_leaves_the_training_as_it_was():
    wrapped = wrap(tiny)
    assert wrapped.report is None
    report = wrapped.check(X, Y, batch_size=16, select=["KR202", "KR204"])
    assert wrapped.report is report
    assert report.results
    assert_same_training(alone(tiny), trained(wrapped, recipe="off"))
    assert wrapped.report is report


def test_check_is_the_function_on_the_inner_model(asked):
    wrapped = with_report(FAIL)
    assert wrapped.check(X, Y, epochs=7) is PASS
    assert wrapped.report is PASS
    assert asked == [{"model": wrapped.model, "x": X, "y": Y, "epochs": 7}]


def test_the_function_takes_a_wrapper_as_well():
    assert examine.check(wrap(tiny), X, Y, select=["KR202"])["KR202"].status is Status.PASS


# strict


def test_strict_raises_before_anything_moves_while_a_fail_stands(asked):
    wrapped = with_report(FAIL)
    before = values(*wrapped.variables)
    with pytest.raises(RecipeFailed, match="KR999 made_up: the labels are shuffled"):
        wrapped.fit(X, Y, recipe="strict", verbose=0)
    assert_equal(values(*wrapped.variables), before)
    assert not wrapped.optimizer.built
    assert asked == []
    assert wrapped.report is FAIL


def test_strict_checks_the_same_data_and_settings_first(asked):
    wrapped = wrap(tiny)
    wrapped.fit(X, Y, 16, 2, 0, recipe="strict", sample_weight=WEIGHT, validation_split=0.25)
    settings = asked[0]
    assert settings["model"] is wrapped.model
    assert settings["x"] is X
    assert settings["y"] is Y
    assert settings["sample_weight"] is WEIGHT
    assert settings["batch_size"] == 16
    assert settings["epochs"] == 2
    assert settings["validation_split"] == 0.25
    wrapped.fit(X, Y, verbose=0, recipe="strict")
    assert len(asked) == 1


def test_strict_stops_a_program_whose_data_hold_a_nan():
    wrapped = wrap(tiny)
    before = values(*wrapped.variables)
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(RecipeFailed, match="KR"):
        wrapped.fit(bad, Y, verbose=0, recipe="strict")
    assert_equal(values(*wrapped.variables), before)
    assert int(values(wrapped.optimizer.iterations)[0]) == 0
    assert not wrapped.report.ok


def test_strict_trains_a_healthy_program_bit_for_bit(asked):
    assert_same_training(alone(tiny), trained(wrap(tiny), recipe="strict"))


# the watched fit


def live(report):
    return [r for r in report.results if r.cost == Cost.LIVE]


def test_fit_adds_what_it_saw_to_the_report():
    wrapped = with_report(PASS)
    history = wrapped.fit(X, Y, verbose=0)
    assert history is wrapped.history
    assert wrapped.report["KR999"].status is Status.PASS
    assert live(wrapped.report)


def test_fit_without_a_check_reports_what_it_saw():
    wrapped = wrap(tiny)
    wrapped.fit(X, Y, verbose=0)
    others = {r.code for r in wrapped.report.results} - {r.code for r in live(wrapped.report)}
    assert live(wrapped.report)
    assert others <= {"KR304", "KR318", "KR415"}  # a plan can be judged before it is run, too


def test_off_is_the_plain_fit(monkeypatch):
    wrapped = with_report(None)
    given = {}
    monkeypatch.setattr(wrapped.model, "fit", lambda *args, **kw: given.update(args=args, **kw))
    wrapped.fit(X, Y, recipe="off", callbacks=None)
    assert given == {"args": (X, Y), "callbacks": None}
    assert wrapped.report is None


class Crash(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        msg = "the disk is full"
        raise OSError(msg)


def test_an_interrupted_training_is_reported_too():
    wrapped = wrap(tiny)
    wrapped.optimizer.build(wrapped.trainable_variables)
    optimizer, state = wrapped.optimizer, vars(wrapped.optimizer).keys()
    kind, before = type(optimizer), set(state)
    with pytest.raises(OSError, match="the disk is full"):
        wrapped.fit(X, Y, verbose=0, callbacks=[Crash()])
    assert wrapped.report is not None
    assert wrapped.optimizer is optimizer
    assert type(optimizer) is kind  # the monitor took its watch off
    assert set(state) == before


def test_a_training_that_breaks_is_warned_of_and_reported():
    bad = X.copy()
    bad[3, 2] = np.nan
    wrapped = wrap(tiny)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", RecipeWarning)
        history = wrapped.fit(bad, Y, verbose=0)
    assert any("KR310" in str(warning.message) for warning in caught)
    assert np.isnan(history.history["loss"][0])
    assert wrapped.report["KR310"].status is Status.FAIL


class Seen(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.logs = logs


def as_list(callback, model):
    return [callback]


def as_tuple(callback, model):
    return (callback,)


def alone_(callback, model):
    return callback


def as_callback_list(callback, model):
    return keras.callbacks.CallbackList([callback], add_history=True, model=model)


@pytest.mark.parametrize("form", [as_list, as_tuple, alone_, as_callback_list])
def test_callbacks_in_every_form_run_beside_the_monitor(form):
    wrapped, seen = wrap(tiny), Seen()
    given = form(seen, wrapped.model)
    history = wrapped.fit(X, Y, None, 1, 0, given)
    assert seen.logs["loss"] == history.history["loss"][0]
    assert live(wrapped.report)
    if isinstance(given, list):
        assert given == [seen]  # the user's own list is not added to


def test_the_users_own_monitor_is_the_only_one():
    made = []

    class Counted(RecipeMonitor):
        def on_train_begin(self, logs=None):
            made.append(self)
            super().on_train_begin(logs)

    wrapped, mine = wrap(tiny), Counted(on_fail="warn")
    wrapped.fit(X, Y, verbose=0, callbacks=[mine])
    assert made == [mine]
    assert wrapped.report == Report().merged(mine.report)


def test_fit_shows_the_signature_of_keras_with_the_recipe():
    parameters = dict(inspect.signature(RecipeModel.fit).parameters)
    recipe = parameters.pop("recipe")
    assert parameters == dict(inspect.signature(keras.Model.fit).parameters)
    assert recipe.kind is inspect.Parameter.KEYWORD_ONLY
    assert recipe.default == "warn"


class OwnFit(keras.Sequential):
    """A model whose `fit` takes what it likes."""

    def fit(self, table, *, rounds, callbacks=None):
        self.rounds = rounds
        return super().fit(
            table[:, :-1], table[:, -1], epochs=rounds, verbose=0, callbacks=callbacks
        )


def test_a_fit_of_the_users_own_is_called_as_it_was_written():
    wrapped = RecipeModel(OwnFit([keras.Input((3,)), layers.Dense(1)]))
    wrapped.compile("sgd", "mse")
    history = wrapped.fit(X, rounds=2)
    assert len(history.epoch) == wrapped.model.rounds == 2


# bias and toggles


def test_initialize_output_bias_is_the_functions():
    wrapped = wrap(tiny)
    assert wrapped.initialize_output_bias(Y, class_weight={0: 1.0, 1: 3.0}) is wrapped
    expected = compiled(tiny)
    initialize_output_bias(expected, Y, class_weight={0: 1.0, 1: 3.0})
    assert_equal(values(wrapped.layers[-1].bias), values(expected.layers[-1].bias))
    share = np.exp(values(wrapped.layers[-1].bias)[0])
    ones = Y.sum() * 3
    assert share[1] / share.sum() == pytest.approx(ones / (ones + (1 - Y).sum()), rel=1e-4)


def test_set_dropout_is_the_functions_and_comes_back():
    wrapped = wrap(sequential)
    dropout = wrapped.layers[2]
    assert wrapped.set_dropout(0.0) is wrapped
    assert dropout.rate == 0.0
    wrapped.set_dropout(None)
    assert dropout.rate == 0.3


def test_set_weight_decay_is_the_functions_with_its_exclusions():
    wrapped = wrap(tiny, optimizer=keras.optimizers.SGD(0.0, weight_decay=0.0))
    expected = compiled(tiny, optimizer=keras.optimizers.SGD(0.0, weight_decay=0.0))
    expected.set_weights(wrapped.get_weights())
    assert wrapped.set_weight_decay(0.5, exclude=()) is wrapped
    set_weight_decay(expected, 0.5, exclude=())
    for model in (wrapped.model, expected):
        fit_arrays(model, verbose=0, shuffle=False, batch_size=16)
    assert_equal(wrapped.get_weights(), expected.get_weights())


def test_the_functions_take_a_wrapper_as_well():
    wrapped = wrap(functional)
    initialize_output_bias(wrapped, Y)
    bias = values(wrapped.layers[-1].bias)[0]
    assert bias[1] - bias[0] == pytest.approx(np.log(Y.mean() / (1 - Y.mean())), abs=1e-4)
    set_weight_decay(wrapped, 0.25)
    assert wrapped.optimizer.weight_decay == 0.25
    wrapped = wrap(sequential)
    set_dropout(wrapped, 0.1)
    assert wrapped.layers[2].rate == 0.1


@pytest.mark.filterwarnings("ignore::keras_recipe.callbacks.monitor.RecipeWarning")
def test_a_look_after_training_that_skips_takes_no_finding_back():
    wrapped = wrap(tiny)
    wrapped.check(X, Y, batch_size=16, select=["KR202"])
    found = failed("a person does better", code="KR206", name="human-baseline", cost="static")
    wrapped._report.results.append(found)
    wrapped.fit(X, Y, batch_size=16, verbose=0)
    assert wrapped.report["KR206"].status is Status.FAIL  # nobody labelled: skipped since
