"""EarlyStopping, ReduceLROnPlateau and ModelCheckpoint decide as Keras's own do, on random runs."""

import inspect
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np

from multiback.callbacks import CallbackList, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

_KERAS = """
import json, sys, types, warnings
warnings.simplefilter("ignore")
import keras
answers = []
for name, arguments, values in json.load(sys.stdin):
    model = types.SimpleNamespace(stop_training=False, saved=0, epoch=0, metrics=[],
                                  optimizer=types.SimpleNamespace(learning_rate=1.0), restored=None)
    model.get_weights = lambda: model.epoch
    model.set_weights = lambda weights: setattr(model, "restored", weights)
    model.save = lambda path, overwrite: setattr(model, "saved", model.saved + 1)
    callback = getattr(keras.callbacks, name)(**arguments)
    callback.set_model(model)
    trace = []
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"val_loss": value})
        trace.append([bool(model.stop_training), model.saved, float(model.optimizer.learning_rate)])
        if model.stop_training:
            break
    callback.on_train_end()
    answers.append([trace, model.restored])
print(json.dumps(answers))
"""


def _random_runs():
    rng = np.random.default_rng(0)
    for number in range(120):
        values = np.round(rng.normal(size=12), 1).tolist()
        mode, min_delta = rng.choice(["min", "max", "auto"]), float(rng.choice([0, 0.2]))
        common = {"monitor": "val_loss", "mode": str(mode)}
        if number % 3 == 0:
            baseline = [None, 0.0][rng.integers(2)]
            chosen = {
                "patience": int(rng.integers(4)),
                "start_from_epoch": int(rng.integers(3)),
                "min_delta": min_delta,
            }
            yield "EarlyStopping", {**common, **chosen, "baseline": baseline, "restore_best_weights": True}, values
        elif number % 3 == 1:
            chosen = {"patience": int(rng.integers(1, 4)), "cooldown": int(rng.integers(3)), "min_delta": min_delta}
            yield "ReduceLROnPlateau", {**common, **chosen, "factor": 0.5, "min_lr": 0.1}, values
        else:
            chosen = {"save_best_only": bool(rng.integers(2)), "initial_value_threshold": [None, 0.0][rng.integers(2)]}
            yield "ModelCheckpoint", {**common, **chosen, "filepath": "m.keras"}, values


def test_decisions_are_those_of_keras():
    runs = list(_random_runs())
    answer = subprocess.run(
        [sys.executable, "-c", _KERAS],
        input=json.dumps(runs),
        env={**os.environ, "KERAS_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    expected = json.loads(answer.stdout.splitlines()[-1])
    kinds = {"EarlyStopping": EarlyStopping, "ReduceLROnPlateau": ReduceLROnPlateau, "ModelCheckpoint": ModelCheckpoint}
    for (name, arguments, values), answer in zip(runs, expected, strict=True):
        assert _decisions(kinds[name](**arguments), values) == answer, (name, arguments, values)


def _decisions(callback, values):
    model = SimpleNamespace(stop_training=False, saved=0, epoch=0, metrics=[], restored=None)
    model.optimizer = SimpleNamespace(learning_rate=1.0)
    model.get_weights = lambda: model.epoch
    model.set_weights = lambda weights: setattr(model, "restored", weights)
    model.save = lambda path, overwrite: setattr(model, "saved", model.saved + 1)
    callbacks = CallbackList([callback], model=model)
    trace = []
    with callbacks.session("train"):
        for epoch, value in enumerate(values):
            model.epoch = epoch
            callbacks.on_epoch_begin(epoch)
            callbacks.on_epoch_end(epoch, {"val_loss": value})
            trace.append([model.stop_training, model.saved, model.optimizer.learning_rate])
            if model.stop_training:
                break
    return [trace, model.restored]


def test_names_and_arguments_are_those_of_keras():
    expected = {
        EarlyStopping: "monitor min_delta patience verbose mode baseline restore_best_weights start_from_epoch",
        ModelCheckpoint: "filepath monitor verbose save_best_only save_weights_only mode save_freq "
        "initial_value_threshold",
        ReduceLROnPlateau: "monitor factor patience verbose mode min_delta cooldown min_lr",
        CallbackList: "callbacks add_history add_progbar model params",
    }
    for kind, names in expected.items():
        assert list(inspect.signature(kind).parameters) == names.split()
