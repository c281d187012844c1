"""`RecipeModel`: any Keras model, with the recipe's checks and toggles added."""

from __future__ import annotations

import inspect
from typing import Any, Self

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.core.settings import unknown

#: What `fit(recipe=...)` may be.
RECIPES = ("warn", "strict", "off")

# fmt: off
#: Keras's names that mean the wrapped model's own; some exist on one backend only.
TRAINING = (
    "compile", "compiled", "compiled_loss", "compiled_metrics", "get_compile_config",
    "compile_from_config", "optimizer", "loss", "metrics", "metrics_names", "metrics_variables",
    "reset_metrics", "get_metrics_result", "compute_loss", "compute_loss_and_updates",
    "stateless_compute_loss", "compute_metrics", "train_step", "test_step", "predict_step",
    "train_function", "test_function", "predict_function", "make_train_function",
    "make_test_function", "make_predict_function", "evaluate", "predict", "train_on_batch",
    "test_on_batch", "predict_on_batch", "run_eagerly", "jit_compile", "steps_per_execution",
    "unrolled_steps_per_execution", "stop_training", "stop_evaluating", "stop_predicting",
    "history", "jax_state_sync", "distribute_strategy", "distribute_reduction_method",
)
ARCHITECTURE = (
    "layers", "operations", "get_layer", "summary", "build", "built", "input", "inputs",
    "input_names", "input_shape", "input_spec", "output", "outputs", "output_names",
    "output_shape", "compute_output_shape", "compute_output_spec", "compute_mask",
    "supports_masking", "stateless_call", "losses", "add_loss", "export", "supports_jit",
    "autocast", "dtype", "compute_dtype", "variable_dtype", "input_dtype", "dtype_policy",
    "quantization_mode", "quantize", "get_quantization_layer_structure",
)
WEIGHTS = (
    "weights", "variables", "trainable", "trainable_weights", "trainable_variables",
    "non_trainable_weights", "non_trainable_variables", "count_params", "get_weights",
    "set_weights", "save_weights", "load_weights", "get_state_tree", "set_state_tree",
)
# fmt: on

_FIT = inspect.signature(keras.Model.fit)
_FIT_NAMES = list(_FIT.parameters)[1:]
_RECIPE = inspect.Parameter("recipe", inspect.Parameter.KEYWORD_ONLY, default="warn")


class Forwarded:
    """An attribute of `keras.Model` that lives on the wrapped model.

    Keras's constructors use these names before there is a wrapped model: what they read is
    `keras.Model`'s own, and what they write (`compiled = False`, ...) is dropped.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, wrapper: Any, owner: type | None = None) -> Any:
        if wrapper is None:
            return getattr(keras.Model, self.name)
        inner = getattr(wrapper, "model", None)
        return getattr(super(RecipeModel, wrapper) if inner is None else inner, self.name)

    def __set__(self, wrapper: Any, value: Any) -> None:
        inner = getattr(wrapper, "model", None)
        if inner is not None:
            setattr(inner, self.name, value)


@keras.saving.register_keras_serializable(package="keras_recipe")
class RecipeModel(keras.Model):
    """A Keras model with `check`, a watched `fit`, and the recipe's toggles.

    `check` examines it before training; `fit` adds to the same `report` what the training
    showed, and with `recipe="strict"` does not start while a FAIL stands.

    Everything Keras knows of a model (weights, `compile`, optimizer state, `train_step`,
    `summary`, `export`, ...) is that of the wrapped model, so the losses are its own bit for
    bit, and callbacks see it as their `self.model`. Attributes of your own class stay on
    `wrapper.model`. A `.keras` file, a pickle and a copy hold model, weights and optimizer
    state, but not the `report`.

    Args:
        model: Any `keras.Model`, built or not, compiled or not. A `RecipeModel` is unwrapped
            first, so that wrapping twice is wrapping once.
        name: Name of the wrapper; by default `"recipe_model"`, made unique.

    Raises:
        InputError: `model` is not a `keras.Model`.

    Example:
        >>> model = RecipeModel(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]))
        >>> model.count_params()
        10
    """

    def __init__(self, model: Any, *, name: str | None = None) -> None:
        if not isinstance(model, keras.Model):
            msg = (
                "RecipeModel wraps a keras.Model, such as `keras.Sequential([...])`; call your "
                f"build function first. Received: {model!r} of type {type(model).__name__}."
            )
            raise InputError(msg)
        super().__init__(name=name)
        self.model: Any = model.model if isinstance(model, RecipeModel) else model
        self._report: Report | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return `self.model(...)`; dtype, masks and `training` are that model's affair."""
        return self.model(*args, **kwargs)

    call = __call__

    def get_config(self) -> dict[str, Any]:
        """Return the name and the serialized model; how it was compiled is saved beside it."""
        model = keras.saving.serialize_keras_object(self.model)
        model.pop("compile_config", None)  # else load_model(compile=False) would compile
        return {"name": self.name, "model": model}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Return the wrapper that `get_config` described."""
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects)
        return cls(model, name=config["name"])

    def _seeds(self) -> list[Any]:
        weights = {id(v) for v in self.weights}
        return [v for v in self.variables if id(v) not in weights]

    def save_own_variables(self, store: Any) -> None:
        """Write the seeds of dropout and the like, which Keras leaves out of its files."""
        for index, seed in enumerate(self._seeds()):
            store[str(index)] = seed

    def load_own_variables(self, store: Any) -> None:
        """Read the seeds back, so that a resumed training continues as if never stopped."""
        seeds = self._seeds()
        for index, seed in enumerate(seeds if len(store.keys()) == len(seeds) else ()):
            seed.assign(store[str(index)])

    @property
    def report(self) -> Report | None:
        """What `check` found and `fit` observed since; None before either."""
        return self._report

    @property
    def recipe_inner(self) -> Any:
        """The wrapped model, by a name that no user's model has."""
        return self.model

    def check(self, x: Any, y: Any = None, **settings: Any) -> Report:
        """Examine the model on its training data; weights and generators stay as they are.

        Takes the settings of `keras_recipe.check`: most arguments of `fit`, `select`, `budget`
        (seconds), ... Returns the checklist, also kept as `report`.
        """
        from keras_recipe import examine

        self._report = examine.check(self.model, x, y, **settings)
        return self._report

    def fit(self, *args: Any, recipe: str = "warn", **kwargs: Any) -> Any:
        """Train as `keras.Model.fit` does: same arguments, same losses, same `History`.

        Args:
            *args: As in `keras.Model.fit`.
            recipe: `"warn"` watches the training and adds what it saw to `report`; `"strict"`
                also refuses to start while a FAIL stands, after a `check` of the same data if
                there is no report yet; `"off"` is the plain `fit`.
            **kwargs: As in `keras.Model.fit`.

        Raises:
            ConfigError: `recipe` is none of the three.
            RecipeFailed: `recipe="strict"` and a FAIL stands; nothing was trained.
        """
        if recipe not in RECIPES:
            raise unknown(str(recipe), RECIPES, "recipe")
        if recipe == "off":
            return self.model.fit(*args, **kwargs)
        given = dict(zip(_FIT_NAMES, args, strict=False)) | kwargs
        if recipe == "strict":
            (self._report or self.check(**{"x": None} | given)).raise_if_failed()
        callbacks, monitors = self._watched(given.get("callbacks"))
        for monitor in monitors:
            monitor.beside = given.get("callbacks")
        at = _FIT_NAMES.index("callbacks")
        if len(args) > at:
            args = (*args[:at], callbacks, *args[at + 1 :])
        else:
            kwargs["callbacks"] = callbacks
        try:
            history = self.model.fit(*args, **kwargs)
        finally:
            for monitor in monitors:
                monitor.close()  # Keras tells no callback of an interrupted training
                self._report = (self._report or Report()).merged(monitor.report)
        self._look_again(monitors)
        for callback in keras.tree.flatten(given.get("callbacks") or []):
            if hasattr(callback, "write_report"):
                callback.write_report(self._report)
        return history

    fit.__signature__ = _FIT.replace(  # type: ignore[attr-defined]
        parameters=[*_FIT.parameters.values(), _RECIPE]
    )

    def _look_again(self, monitors: list[Any]) -> None:
        """Add what only a trained model shows, on the rows that `check` kept."""
        if self._report is not None and self._report.subject is not None:
            from keras_recipe import examine

            for monitor in monitors[-1:]:
                found = examine.train_onward(self._report.subject, monitor.trace)
                self._report = self._report.merged(monitor.reconsider(found))
            self._report = self._report.merged(examine.look_again(self._report.subject))

    def _watched(self, callbacks: Any) -> tuple[Any, list[Any]]:
        """Return the callbacks with a monitor among them, and the monitors."""
        from keras_recipe.callbacks.monitor import RecipeMonitor

        ready = isinstance(callbacks, keras.callbacks.CallbackList)
        listed = callbacks.callbacks if ready else keras.tree.flatten(callbacks or [])
        monitors = [c for c in listed if isinstance(c, RecipeMonitor)]
        if monitors:
            return callbacks, monitors
        subject = None if self._report is None else self._report.subject
        rows = {} if subject is None else {"probe": subject.probe, "sample": subject.sample}
        monitor = RecipeMonitor(on_fail="warn", **rows)
        listed = [*listed, monitor]
        if ready:
            listed = keras.callbacks.CallbackList(listed, model=self.model, **callbacks.params)
        return listed, [monitor]

    def initialize_output_bias(self, y: Any, **settings: Any) -> Self:
        """Start the output bias at the best constant prediction of `y`; return the wrapper.

        Takes the `sample_weight` and `class_weight` of `keras_recipe.initialize_output_bias`.
        """
        from keras_recipe.surgery import initialize

        initialize.initialize_output_bias(self.model, y, **settings)
        return self

    def find_learning_rate(self, x: Any, y: Any = None, **settings: Any) -> Any:
        """Test a range of rates in one short training that is undone; return the curve.

        Takes the settings of `keras_recipe.find_learning_rate`.
        """
        from keras_recipe.experiments import learning_rate

        return learning_rate.find_learning_rate(self.model, x, y, **settings)

    def set_dropout(self, rate: float | None) -> Self:
        """Set every dropout rate (0 to 1), None: the original ones; return the wrapper."""
        from keras_recipe.surgery import toggles

        toggles.set_dropout(self.model, rate)
        return self

    def set_weight_decay(self, value: float | None, exclude: Any = ("bias", "norm")) -> Self:
        """Set the weight decay outside `exclude`, None: the original; return the wrapper."""
        from keras_recipe.surgery import toggles

        toggles.set_weight_decay(self.model, value, exclude=exclude)
        return self

    def set_learning_rate_decay(self, on: bool) -> Self:  # noqa: FBT001  as the function
        """Switch the rate's schedule off (constant at its peak) or on; return the wrapper."""
        from keras_recipe.surgery import toggles

        toggles.set_learning_rate_decay(self.model, on)
        return self


for _name in (*TRAINING, *ARCHITECTURE, *WEIGHTS):
    setattr(RecipeModel, _name, Forwarded(_name))
