"""The loops of fit, evaluate and predict: batches in, callbacks and logs out; one for all backends."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from multiback import tree
from multiback.callbacks import CallbackList
from multiback.training.checks import check_batch
from multiback.training.data import Batch, Feed
from multiback.training.lazy_logs import LazyLogs
from multiback.training.nonfinite import raise_if_bad
from multiback.training.numbers import as_number


def fit(
    model: Any,
    training: Feed,
    validation: Feed | None,
    *,
    epochs: int,
    initial_epoch: int,
    verbose: Any,
    callbacks: Any,
    validation_freq: Any,
) -> Any:
    """Runs the epochs; see `Trainer.fit`."""
    with training:
        first = training.peek()
        _choose_backend(model, first)
        step = model._step("train_step", first)
        step.program(first) if not step.eager else None
        callbacks = CallbackList(
            callbacks, add_history=True, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs,
            steps=training.steps,
        )  # fmt: skip
        model.stop_training = False
        order = max(initial_epoch, model._epochs_trained)
        with callbacks.session("train") as session:
            for epoch in range(initial_epoch, epochs):
                if not training.ready():
                    break
                logs = _epoch(model, training, callbacks, epoch, order + epoch - initial_epoch)
                model._epochs_trained = order + epoch - initial_epoch + 1
                if validation is not None and _due(validation_freq, epoch):
                    logs.update({f"val_{k}": v for k, v in evaluate(model, validation, callbacks=callbacks).items()})
                callbacks.on_epoch_end(epoch, logs)
                session.logs = logs
                if model.stop_training:
                    break
            if getattr(model.optimizer, "use_ema", False):
                model.optimizer.finalize_variable_values(model.trainable_variables)
    return callbacks.history


def _epoch(model: Any, training: Feed, callbacks: CallbackList, epoch: int, order: int) -> dict[str, Any]:
    model.reset_metrics()
    callbacks.on_epoch_begin(epoch)
    begins, ends = callbacks.has("on_train_batch_begin"), callbacks.has("on_train_batch_end")
    extra: Any = {}
    for number, batch in training.epoch(order):
        if begins:
            callbacks.on_train_batch_begin(number)
        step = model._steps.get("train_step") or model._step("train_step", batch)
        extra = step(batch)
        if model._guard is not None:
            raise_if_bad(model, batch)
        if ends:
            callbacks.on_train_batch_end(number, LazyLogs(functools.partial(_logs, model, extra)))
        if model.stop_training:
            break
    return _logs(model, extra)


def _logs(model: Any, extra: Any) -> dict[str, Any]:
    adapter = model._adapter()
    own = {k: as_number(v, adapter) for k, v in (extra or {}).items()}
    return own or model._fetch_results()


def _due(frequency: Any, epoch: int) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def evaluate(model: Any, feed: Feed, *, verbose: Any = 0, callbacks: Any = None) -> dict[str, Any]:
    """One pass of `test_step`; returns the results."""
    with feed:
        first = feed.peek()
        _choose_backend(model, first)
        own = not isinstance(callbacks, CallbackList)
        if own:
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=feed.steps
            )
        model.reset_metrics()
        step = model._step("test_step", first)
        extra: Any = {}
        with callbacks.session("test") as session:
            for number, batch in feed.epoch(0):
                callbacks.on_test_batch_begin(number)
                extra = step(batch)
                if callbacks.has("on_test_batch_end"):
                    callbacks.on_test_batch_end(number, LazyLogs(functools.partial(_logs, model, extra)))
            session.logs = logs = _logs(model, extra)
    return logs


def predict(model: Any, feed: Feed, *, verbose: Any, callbacks: Any) -> Any:
    """One pass of `predict_step`; returns the outputs, joined along the first axis."""
    parts: list[Any] = []
    with feed:
        first = feed.peek()
        _choose_backend(model, first)
        step = model._step("predict_step", first)
        quiet = verbose == 0 or (verbose == "auto" and (feed.steps or 2) <= 1)
        callbacks = CallbackList(
            callbacks, add_progbar=not quiet, model=model, verbose=verbose, epochs=1, steps=feed.steps
        )
        with callbacks.session("predict"):
            for number, batch in feed.epoch(0):
                callbacks.on_predict_batch_begin(number)
                outputs = step(batch)
                parts.append(tree.map(step.adapter.to_numpy, outputs))
                callbacks.on_predict_batch_end(number, {"outputs": outputs})
    if len(parts) == 1:
        return tree.map(np.array, parts[0])
    return tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def _choose_backend(model: Any, batch: Batch) -> None:
    check_batch(model, batch)
    if model._backend == "auto":
        from multiback.training.auto import fastest_backend

        model._backend = fastest_backend(model, batch)


def check_finite(model: Any, name: str, batch: Batch) -> None:
    """Raises NonFiniteError after a bad training step, when the model was compiled so."""
    if name == "train_step" and model._guard is not None:
        raise_if_bad(model, batch)
