"""The HParams tab: which settings a training had and which scalars judge it.

TensorBoard's own builders of these messages import TensorFlow when it is installed; these
fill the same messages by hand.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError

Setting = bool | float | str


def settings(values: Any) -> dict[str, Setting]:
    """Return `values` as the tab can hold them: bool, finite float or text.

    Raises:
        InputError: It is not a dict, a name is not text, or a value neither a bool, a number
            nor text.
    """
    if not isinstance(values, Mapping):
        msg = f"Hyperparameters are a dict of name and value. Received: {values!r}"
        raise InputError(msg)
    found: dict[str, Setting] = {}
    for name, given in values.items():
        value = given.item() if isinstance(given, np.generic) else given
        if not isinstance(name, str) or not isinstance(value, bool | int | float | str):
            msg = (
                "A hyperparameter needs a name and a bool, a number or text as its value. "
                f"Received: {name!r}: {given!r}"
            )
            raise InputError(msg)
        if isinstance(value, bool | str):
            found[name] = value
        else:
            found[name] = float(value) if math.isfinite(value) else str(value)
    return found


def session_start(values: Mapping[str, Any]) -> tuple[str, Any]:
    """Return tag and metadata of a training that starts with `values`."""
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    known = settings(values)
    # trainings with the same settings are repetitions of one trial
    trial = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
    start = plugin_data_pb2.SessionStartInfo(group_name=trial, start_time_secs=time.time())
    for name, value in known.items():
        field = {bool: "bool_value", str: "string_value"}.get(type(value), "number_value")
        setattr(start.hparams[name], field, value)
    data = plugin_data_pb2.HParamsPluginData(session_start_info=start)
    return metadata.SESSION_START_INFO_TAG, metadata.create_summary_metadata(data)


def session_end() -> tuple[str, Any]:
    """Return tag and metadata of a training that came to its end."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    end = plugin_data_pb2.SessionEndInfo(
        status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
    )
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    return metadata.SESSION_END_INFO_TAG, metadata.create_summary_metadata(data)


def experiment(values: Mapping[str, Any], metrics: Sequence[str]) -> tuple[str, Any]:
    """Return tag and metadata of the table: its columns of settings and of scalars.

    No domain is given, so that another training's values are never filtered away.
    """
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    kinds = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    columns = [
        api_pb2.HParamInfo(name=name, type=kinds.get(type(value), api_pb2.DATA_TYPE_FLOAT64))
        for name, value in settings(values).items()
    ]
    judges = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=tag.split("/")[-1])
        for tag in metrics
    ]
    table = api_pb2.Experiment(
        hparam_infos=columns, metric_infos=judges, time_created_secs=time.time()
    )
    data = plugin_data_pb2.HParamsPluginData(experiment=table)
    return metadata.EXPERIMENT_TAG, metadata.create_summary_metadata(data)
