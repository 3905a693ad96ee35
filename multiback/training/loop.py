"""The loops of fit, evaluate and predict: batches in, callbacks and logs out; one for all backends."""

from __future__ import annotations

import functools
from typing import Any

from multiback.callbacks import CallbackList
from multiback.training.checks import check_batch
from multiback.training.data import Batch, Feed, Group
from multiback.training.lazy_logs import LazyLogs
from multiback.training.nonfinite import raise_if_bad
from multiback.training.numbers import as_number
from multiback.training.outputs import Outputs, joined, rows_of


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
                logs = _epoch(model, training, callbacks, epoch, order + epoch - initial_epoch, first)
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


def _epoch(model: Any, training: Feed, callbacks: CallbackList, epoch: int, order: int, first: Batch) -> dict[str, Any]:
    model.reset_metrics()
    callbacks.on_epoch_begin(epoch)
    begins, ends = callbacks.has("on_train_batch_begin"), callbacks.has("on_train_batch_end")
    steps = _Steps(model, "train_step", callbacks, "train", first)
    extra: Any = {}
    for number, group in training.groups(order, steps.size):
        if begins:
            callbacks.on_train_batch_begin(number)
        extra = steps.run(group)
        if model._guard is not None:
            raise_if_bad(model, group.batch)
        if ends:
            callbacks.on_train_batch_end(number + group.steps - 1, LazyLogs(functools.partial(_logs, model, extra)))
        if model.stop_training:
            break
    return _logs(model, extra)


class _Steps:
    """A step of a model as the loop runs it: some batches in each call, on the backend that the model is on by then."""

    def __init__(self, model: Any, name: str, callbacks: CallbackList, mode: str, first: Batch) -> None:
        self.model = model
        self.name = name
        self.observed = callbacks.sees_every_batch(mode)
        # A step that turned out bad must be the last one: the steps after it would hide which it was.
        self.given = 1 if model._guard is not None else model.steps_per_execution
        self._bind(first)

    def _bind(self, batch: Batch) -> None:
        self.step = self.model._step(self.name, batch)
        self.number = self.given
        if self.given == "auto":
            self.number = 1 if self.observed else self.step.together(batch)

    def size(self) -> int:
        """How many batches the next call takes."""
        return self.number

    def run(self, group: Group) -> Any:
        """Runs the batches; what the last one returned."""
        if self.model._steps.get(self.name) is not self.step:
            self._bind(group.single()[0])
        return self.step.many(group)


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
        begins, ends = callbacks.has("on_test_batch_begin"), callbacks.has("on_test_batch_end")
        steps = _Steps(model, "test_step", callbacks, "test", first)
        extra: Any = {}
        with callbacks.session("test") as session:
            for number, group in feed.groups(0, steps.size):
                if begins:
                    callbacks.on_test_batch_begin(number)
                extra = steps.run(group)
                if ends:
                    lazy = LazyLogs(functools.partial(_logs, model, extra))
                    callbacks.on_test_batch_end(number + group.steps - 1, lazy)
            session.logs = logs = _logs(model, extra)
    return logs


def predict(model: Any, feed: Feed, *, verbose: Any, callbacks: Any) -> Any:
    """One pass of `predict_step`; returns the outputs, joined along the first axis."""
    with feed:
        first = feed.peek()
        _choose_backend(model, first)
        step = model._step("predict_step", first)
        quiet = verbose == 0 or (verbose == "auto" and (feed.steps or 2) <= 1)
        callbacks = CallbackList(
            callbacks, add_progbar=not quiet, model=model, verbose=verbose, epochs=1, steps=feed.steps
        )
        begins, ends = callbacks.has("on_predict_batch_begin"), callbacks.has("on_predict_batch_end")
        given = model.steps_per_execution
        together = 1 if given == "auto" else given
        found = Outputs(step.adapter, rows_of(feed.num_samples, feed.steps, feed.batch_size))
        with callbacks.session("predict"):
            for number, group in feed.groups(0, lambda: together):
                if begins:
                    callbacks.on_predict_batch_begin(number)
                outputs = [step(batch) for batch in group.single()]
                for part in outputs:
                    found.add(part)
                if ends:
                    callbacks.on_predict_batch_end(number + group.steps - 1, {"outputs": joined(outputs, step.adapter)})
    return found.result()


def _choose_backend(model: Any, batch: Batch) -> None:
    check_batch(model, batch)
    if model._backend == "auto":
        from multiback.training.auto import fastest_backend

        model._backend = fastest_backend(model, batch)


def check_finite(model: Any, name: str, batch: Batch) -> None:
    """Raises NonFiniteError after a bad training step, when the model was compiled so."""
    if name == "train_step" and model._guard is not None:
        raise_if_bad(model, batch)
