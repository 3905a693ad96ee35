"""Callbacks on a fake model: dispatch, lazy logs, endings after faults, and each callback's decisions."""

import csv
import os
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from multiback.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from multiback.callbacks.callback import HOOKS
from multiback.errors import ArgumentError, NonFiniteError, UnknownNameError
from multiback.training.lazy_logs import LazyLogs


class Model:
    """As much of a model as callbacks touch; its weights count the epochs."""

    def __init__(self):
        self.optimizer = SimpleNamespace(learning_rate=1.0)
        self.stop_training = False
        self.weights = [np.zeros(1)]
        self.saved = []
        self.metrics = []

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path, overwrite=True):
        self.saved.append(("model", path))

    def save_weights(self, path, overwrite=True):
        self.saved.append(("weights", path))


def run(callbacks, epoch_logs, model=None, batches=0):
    """A training loop without training: the epochs' logs are given."""
    model = model or Model()
    callbacks = CallbackList(callbacks, add_history=True, model=model, verbose=0, epochs=len(epoch_logs), steps=batches)
    with callbacks.session("train") as session:
        for epoch, logs in enumerate(epoch_logs):
            callbacks.on_epoch_begin(epoch)
            for batch in range(batches):
                callbacks.on_train_batch_begin(batch)
                callbacks.on_train_batch_end(batch, LazyLogs(lambda logs=logs: logs))
            model.weights = [np.full(1, epoch + 1.0)]
            callbacks.on_epoch_end(epoch, logs)
            session.logs = logs
            if model.stop_training:
                break
    return model, callbacks.history


def losses(*values, name="val_loss"):
    return [{name: value} for value in values]


class Recorder(Callback):
    """Overrides every hook."""

    def __init__(self, calls, tag=""):
        super().__init__()
        for hook in HOOKS:
            setattr(self, hook, lambda *arguments, hook=hook: calls.append((tag + hook, *arguments)))


# Dispatch


def test_hooks_are_called_in_order_with_the_model_and_parameters_set():
    calls, model = [], Model()
    first, second = Recorder(calls, "1."), Recorder(calls, "2.")
    callbacks = CallbackList([first, [second]], model=model, epochs=1, steps=2, verbose=0)
    callbacks.on_epoch_begin(3)
    callbacks.on_train_batch_begin(0)
    callbacks.on_epoch_end(3, {"loss": np.float32(0.5)})
    assert calls == [
        ("1.on_epoch_begin", 3, None),
        ("2.on_epoch_begin", 3, None),
        ("1.on_train_batch_begin", 0, None),
        ("2.on_train_batch_begin", 0, None),
        ("1.on_epoch_end", 3, {"loss": 0.5}),
        ("2.on_epoch_end", 3, {"loss": 0.5}),
    ]
    assert first.model is second.model is model
    assert first.params == {"epochs": 1, "steps": 2, "verbose": 0}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_dispatched_and_only_where_overridden(hook):
    calls = []
    callbacks = CallbackList([Callback(), LambdaCallback(**{hook: lambda *arguments: calls.append(arguments)})])
    called = {"on_batch_begin": "on_train_batch_begin", "on_batch_end": "on_train_batch_end"}.get(hook, hook)
    assert [name for name in HOOKS if callbacks.has(name)] == sorted({hook, called}, key=HOOKS.index)
    getattr(callbacks, called)(*([0] if "epoch" in hook or "batch" in hook else []))
    assert len(calls) == 1


def test_on_batch_end_is_another_name_of_on_train_batch_end():
    class Both(Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

        def on_train_batch_end(self, batch, logs=None):
            self.calls.append("train")
            super().on_train_batch_end(batch, logs)

        def on_batch_end(self, batch, logs=None):
            self.calls.append("batch")

    both = Both()
    CallbackList(both).on_train_batch_end(0)
    CallbackList(both).on_batch_end(1)
    assert both.calls == ["train", "batch"] * 2


def test_what_one_callback_adds_to_the_logs_later_ones_and_the_history_see():
    add = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=epoch))
    given = losses(0.5, 0.25, name="loss")
    _, history = run([add], given)
    assert history.history == {"loss": [0.5, 0.25], "extra": [0, 1]}
    assert history.epoch == [0, 1]
    assert given == losses(0.5, 0.25, name="loss")


def test_a_callback_may_change_its_hooks_before_a_session():
    callback, calls = Callback(), []
    callbacks = CallbackList([callback])
    callback.on_epoch_end = lambda epoch, logs: calls.append(epoch)
    with callbacks.session("train"):
        callbacks.on_epoch_end(4)
    assert calls == [4]


def test_the_list_adds_what_it_is_asked_for_once():
    history = History()
    callbacks = CallbackList([history], add_history=True, add_progbar=True, model=(model := Model()))
    assert [type(c) for c in callbacks.callbacks] == [History, ProgbarLogger]
    assert callbacks.history is history is model.history
    assert CallbackList(callbacks).callbacks == callbacks.callbacks
    callbacks.append(Callback())
    assert len(callbacks.callbacks) == 3


def test_what_is_no_callback_is_refused():
    with pytest.raises(ArgumentError, match=r"got the class EarlyStopping: pass EarlyStopping\(\)"):
        CallbackList([EarlyStopping])
    with pytest.raises(ArgumentError, match="A callback is a multiback"):
        CallbackList(["stop"])


# Lazy logs


def test_batch_logs_are_fetched_only_when_read():
    fetched = []
    logs = LazyLogs(lambda: fetched.append(1) or {"loss": 0.5})
    callbacks = CallbackList(add_history=True, add_progbar=True, verbose=0, epochs=1, steps=3)
    callbacks.on_train_batch_end(0, logs)
    assert not fetched
    assert logs["loss"] == 0.5 and dict(logs) == {"loss": 0.5} and logs.get("accuracy") is None
    assert fetched == [1]
    logs["added"] = 1
    del logs["loss"]
    assert repr(logs) == "{'added': 1}" and len(logs) == 1


def test_the_list_tells_whether_batch_logs_will_be_read():
    quiet = CallbackList(
        [EarlyStopping(), ModelCheckpoint("m.keras"), LambdaCallback(on_train_batch_begin=print)],
        add_history=True,
        add_progbar=True,
    )
    assert not any(quiet.needs_batch_logs(mode) for mode in ("train", "test", "predict"))
    assert not quiet.has("on_test_batch_begin") and quiet.has("on_train_batch_begin")
    assert CallbackList([TerminateOnNaN()]).needs_batch_logs("train")
    assert CallbackList([ModelCheckpoint("m.keras", save_freq=2)]).needs_batch_logs("train")
    assert CallbackList([LambdaCallback(on_test_batch_end=print)]).needs_batch_logs("test")


# Endings


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ZeroDivisionError("in a step")])
def test_on_train_end_runs_after_a_fault(fault):
    ended = []

    class Watch(Callback):
        def on_train_end(self, logs=None):
            ended.append(self.interruption)

    callbacks = CallbackList([Watch(), Watch()])
    with pytest.raises(type(fault)) as caught, callbacks.session("train"):
        raise fault
    assert caught.value is fault and ended == [fault, fault]
    with callbacks.session("train"):
        pass
    assert ended[2:] == [None, None]


def test_an_ending_that_raises_does_not_keep_others_from_ending():
    ended = []
    broken = LambdaCallback(on_train_end=lambda logs: 1 / 0)
    callbacks = CallbackList([broken, LambdaCallback(on_train_end=ended.append)])
    with pytest.raises(ZeroDivisionError), callbacks.session("train") as session:
        session.logs = {"loss": 1.0}
    assert ended == [{"loss": 1.0}]
    with pytest.raises(KeyError) as caught, callbacks.session("train"):
        raise KeyError("the step's own")
    assert len(ended) == 2
    assert caught.value.__notes__ == ["LambdaCallback.on_train_end then raised ZeroDivisionError('division by zero')"]


def test_only_what_has_begun_is_ended():
    ended = []
    first = LambdaCallback(on_train_end=lambda logs: ended.append("first"))
    second = LambdaCallback(on_train_begin=lambda logs: 1 / 0, on_train_end=lambda logs: ended.append("second"))
    with pytest.raises(ZeroDivisionError), CallbackList([first, second]).session("train"):
        raise AssertionError("the body must not run")
    assert ended == ["first"]


# Callbacks that watch a value


def test_early_stopping_waits_and_restores_the_best_weights():
    stop = EarlyStopping(patience=2, restore_best_weights=True)
    model, history = run([stop], losses(3.0, 1.0, 2.0, 1.5, 0.5))
    assert history.epoch == [0, 1, 2, 3]
    assert (stop.stopped_epoch, stop.best_epoch, stop.best) == (3, 1, 1.0)
    assert model.weights[0] == 2


def test_early_stopping_restores_also_after_an_interrupt():
    model = Model()
    callbacks = CallbackList([EarlyStopping(restore_best_weights=True)], model=model)
    with pytest.raises(KeyboardInterrupt), callbacks.session("train"):
        callbacks.on_epoch_end(0, {"val_loss": 1.0})
        model.weights = [np.full(1, 9.0)]
        raise KeyboardInterrupt
    assert model.weights[0] == 0


def test_nan_is_never_an_improvement():
    nan = float("nan")
    model, history = run([EarlyStopping(patience=2)], losses(nan, 1.0, nan, nan, 0.5))
    assert history.epoch == [0, 1, 2, 3]
    model, _ = run([ModelCheckpoint("{epoch}.keras", save_best_only=True)], losses(nan, 1.0, nan, 0.5))
    assert [path for _, path in model.saved] == ["2.keras", "4.keras"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("val_loss", "min"),
        ("loss", "min"),
        ("head_loss", "min"),
        ("val_mean_squared_error", "min"),
        ("kl_divergence", "min"),
        ("val_accuracy", "max"),
        ("head_sparse_categorical_accuracy", "max"),
        ("auc", "max"),
        ("mean_io_u", "max"),
        ("f1_score", "max"),
    ],
)
def test_the_direction_is_known_from_the_name(name, mode):
    stop = EarlyStopping(monitor=name)
    run([stop], losses(1.0, 2.0, name=name))
    assert stop.mode == mode


def test_the_direction_is_known_from_the_metric_or_must_be_given():
    model = Model()
    model.metrics = [SimpleNamespace(name="all", metrics=[SimpleNamespace(name="delight", direction="up")])]
    stop = EarlyStopping(monitor="val_delight")
    run([stop], losses(1.0, 2.0, name="val_delight"), model)
    assert stop.mode == "max"
    for name in ("delight", "accuracy_loss"):
        with pytest.raises(ArgumentError, match=f"a larger or a smaller '{name}' is better: pass mode='max'"):
            run([EarlyStopping(monitor=name)], losses(1.0, 2.0, name=name))
    with pytest.raises(UnknownNameError, match=re.escape("Unknown mode 'mim'. Did you mean 'min'?")):
        EarlyStopping(mode="mim")


def test_a_missing_value_is_a_warning_and_an_array_an_error():
    message = "EarlyStopping watches 'val_loss', which is not in the logs. Available: loss."
    with pytest.warns(UserWarning, match=message):
        run([EarlyStopping()], losses(1.0, name="loss"))
    with pytest.raises(ArgumentError, match=r"watches one number, but 'val_loss' has shape \(2,\)"):
        run([EarlyStopping()], losses(np.zeros(2)))


def test_the_plateau_reduces_the_rate_to_its_floor_and_logs_it():
    reduce = ReduceLROnPlateau(patience=1, factor=0.5, min_lr=0.3, cooldown=2)
    _, history = run([reduce], losses(*[1.0] * 7))
    assert history.history["learning_rate"] == [1.0, 1.0, 0.5, 0.5, 0.3, 0.3, 0.3]
    with pytest.raises(ArgumentError, match="needs a factor below 1, got 1"):
        ReduceLROnPlateau(factor=1)


def test_the_scheduler_sets_and_logs_the_rate_of_every_epoch(capsys):
    schedule = LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate, verbose=1)
    _, history = run([schedule], losses(*[1.0] * 3))
    assert history.history["learning_rate"] == [1.0, 0.5, 0.25]
    assert capsys.readouterr().out.splitlines()[1] == "Epoch 2: setting learning_rate to 0.5"
    with pytest.raises(ArgumentError, match="returns a float, got None for epoch 0"):
        run([LearningRateScheduler(lambda epoch, rate: None)], losses(1.0))
    model = Model()
    model.optimizer = object()
    with pytest.raises(ArgumentError, match="object has no learning_rate"):
        run([schedule], losses(1.0), model)


def test_the_checkpoint_saves_every_epoch_or_the_best_or_every_few_batches(tmp_path, capsys):
    logs = [{"val_loss": 2.0, "acc": 0.1}, {"val_loss": 3.0, "acc": 0.2}, {"val_loss": 1.0, "acc": 0.3}]
    path = str(tmp_path / "deep" / "{epoch:02d}-{acc:.1f}.keras")
    model, _ = run([ModelCheckpoint(path)], logs)
    assert [os.path.basename(p) for _, p in model.saved] == ["01-0.1.keras", "02-0.2.keras", "03-0.3.keras"]
    assert (tmp_path / "deep").is_dir()
    model, _ = run([ModelCheckpoint("b.weights.h5", save_best_only=True, save_weights_only=True, verbose=1)], logs)
    assert model.saved == [("weights", "b.weights.h5")] * 2
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: val_loss improved from none to 2.00000, saving model to b.weights.h5",
        "Epoch 2: val_loss did not improve from 2.00000",
        "Epoch 3: val_loss improved from 2.00000 to 1.00000, saving model to b.weights.h5",
    ]
    model, _ = run([ModelCheckpoint("{epoch}-{batch}.keras", save_freq=3)], logs, batches=4)
    assert [p for _, p in model.saved] == ["1-3.keras", "2-2.keras", "3-1.keras", "3-4.keras"]
    model, _ = run([ModelCheckpoint("m.keras", save_best_only=True, initial_value_threshold=1.5)], logs)
    assert len(model.saved) == 1


def test_the_checkpoint_reads_batch_logs_only_for_its_path():
    fetched = []
    logs = LazyLogs(lambda: fetched.append(1) or {"loss": 0.5})
    for path, reads in (("{epoch}-{batch}.keras", 0), ("{loss:.1f}.keras", 1)):
        model = Model()
        callbacks = CallbackList([ModelCheckpoint(path, save_freq=1)], model=model)
        callbacks.on_train_batch_end(0, logs)
        assert (len(model.saved), len(fetched)) == (1, reads)


def test_the_checkpoint_refuses_paths_it_cannot_use():
    with pytest.raises(ArgumentError, match=re.escape("The path of weights ends in .weights.h5, got 'm.keras'")):
        ModelCheckpoint("m.keras", save_weights_only=True)
    with pytest.raises(ArgumentError, match=re.escape("The path of a model ends in .keras, got 'm.h5'")):
        ModelCheckpoint("m.h5")
    with pytest.raises(ArgumentError, match="save_freq is 'epoch' or a number of batches, got 0"):
        ModelCheckpoint("m.keras", save_freq=0)
    with pytest.raises(
        ArgumentError, match=re.escape("names 'val_los', which is not in the logs. Did you mean 'val_loss'?")
    ):
        run([ModelCheckpoint("{val_los}.keras")], losses(1.0))


def test_a_non_finite_loss_stops_or_raises(capsys):
    for value in (float("nan"), float("inf")):
        model, _ = run([TerminateOnNaN()], losses(value, 1.0, name="loss"), batches=1)
        assert model.stop_training
        assert capsys.readouterr().out == f"Batch 0: the loss is {value}, stopping training\n"
    with pytest.raises(NonFiniteError, match="The loss is nan at batch 0"):
        run([TerminateOnNaN(raise_error=True)], losses(float("nan"), name="loss"), batches=1)
    assert not run([TerminateOnNaN()], losses(1.0, name="loss"), batches=1)[0].stop_training


def test_the_csv_has_a_row_per_epoch_and_can_go_on(tmp_path):
    path = tmp_path / "log é.csv"
    run([CSVLogger(path, separator=";")], [{"loss": 0.5, "acc": np.array([1, 2])}, {"loss": 0.25, "val_loss": 1.0}])
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter=";"))
    assert rows == [
        ["epoch", "acc", "loss", "val_acc", "val_loss"],
        ["0", '"[1, 2]"', "0.5", "NA", "NA"],
        ["1", "NA", "0.25", "NA", "1.0"],
    ]
    logger = CSVLogger(path, separator=";", append=True)
    with pytest.raises(RuntimeError, match="stop"), CallbackList([logger]).session("train"):
        logger.on_epoch_end(2, {"acc": 1.0, "loss": 0.125})
        raise RuntimeError("stop")
    assert logger._file is None
    assert path.read_text(encoding="utf-8").splitlines()[-2:] == ["1;NA;0.25;NA;1.0", "2;1.0;0.125;NA;NA"]


def test_lambda_callbacks_take_hooks_only():
    with pytest.raises(UnknownNameError, match=re.escape("Unknown hook 'on_epoch_edn'. Did you mean 'on_epoch_end'?")):
        LambdaCallback(on_epoch_edn=print)


def test_no_warning_is_raised_in_an_ordinary_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run([EarlyStopping(), ReduceLROnPlateau()], losses(2.0, 1.0, 0.5))
