"""CallbackList: several callbacks called as one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from multiback.callbacks.callback import HOOKS, Callback, Logs
from multiback.callbacks.history import History
from multiback.callbacks.progbar_logger import ProgbarLogger
from multiback.errors import ArgumentError

_ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList(Callback):
    """Callbacks called in order, synchronously; only hooks that a callback overrides are called.

    Args:
        callbacks: One callback, or a list of them.
        add_history: Add a `History` at the end unless there is one.
        add_progbar: Add a `ProgbarLogger` at the end unless there is one.
        model: The model the callbacks act on.
        **params: What the callbacks get as `params`.

    Attributes:
        callbacks: The callbacks, in the order in which they are called.
        history: The `History` among them, or None.

    Example:
        >>> callbacks = CallbackList(add_history=True, epochs=1)
        >>> with callbacks.session("train"):
        ...     callbacks.on_epoch_begin(0)
        ...     callbacks.on_epoch_end(0, {"loss": 1.0})
        >>> callbacks.history.history
        {'loss': [1.0]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = _flat(callbacks)
        self.history: History | None = _first(self.callbacks, History)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if add_progbar and _first(self.callbacks, ProgbarLogger) is None:
            self.callbacks.append(ProgbarLogger())
        self._collect()
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def append(self, callback: Any) -> None:
        """Add a callback at the end."""
        self.callbacks.extend(_flat(callback))
        self._collect()

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def has(self, hook: str) -> bool:
        """Whether any callback overrides this hook, such as "on_train_batch_begin"; if not, calling it does nothing."""
        return bool(self._hooks[hook])

    def needs_batch_logs(self, mode: str) -> bool:
        """Whether a callback will probably read the logs of every batch; `mode` is "train", "test" or "predict"."""
        hook = f"on_{mode}_batch_end"
        return any(_hook(callback, hook) and getattr(callback, "reads_batch_logs", True) for callback in self.callbacks)

    def sees_every_batch(self, mode: str) -> bool:
        """Whether a callback has hooks for single batches; `mode` is "train", "test" or "predict"."""
        hooks = f"on_{mode}_batch_begin", f"on_{mode}_batch_end"
        return any(
            getattr(callback, "every_batch", True) and any(_hook(callback, hook) for hook in hooks)
            for callback in self.callbacks
        )

    @contextmanager
    def session(self, mode: str) -> Iterator[SimpleNamespace]:
        """Run `on_<mode>_begin`, the body, and `on_<mode>_end` whatever happens in the body.

        Every callback that has begun is ended, even if another raises; the body's own exception stays the one raised.

        Args:
            mode: "train", "test" or "predict".

        Returns:
            An object whose `logs` the body may set: what `on_<mode>_end` gets.
        """
        self._collect()
        session = SimpleNamespace(logs=None)
        begun: list[Any] = []
        try:
            for callback in self.callbacks:
                if isinstance(callback, Callback):
                    callback.interruption = None
                if hook := _hook(callback, f"on_{mode}_begin"):
                    hook(None)
                begun.append(callback)
            yield session
        except BaseException as error:
            self._end(mode, begun, session.logs, error)
            raise
        else:
            self._end(mode, begun, session.logs, None)

    def _end(self, mode: str, begun: list[Any], logs: Logs, interruption: BaseException | None) -> None:
        logs = plain(logs)
        problems: list[BaseException] = []
        for callback in begun:
            if isinstance(callback, Callback):
                callback.interruption = interruption
            if hook := _hook(callback, f"on_{mode}_end"):
                try:
                    hook(logs)
                except BaseException as problem:
                    problems.append(problem)
                    if interruption is not None:
                        interruption.add_note(f"{type(callback).__name__}.on_{mode}_end then raised {problem!r}")
        if interruption is None and problems:
            raise problems[0]

    def _collect(self) -> None:
        """Look up the overridden hooks once, so that a batch costs one call for each."""
        found: dict[str, list[Callable[..., None]]] = {name: [] for name in HOOKS}
        for callback in self.callbacks:
            for name in _hook_names(callback):
                if hook := _hook(callback, name):
                    found[name].append(hook)
        self._hooks = {name: tuple(hooks) for name, hooks in found.items()}
        self._train_batch_begin = self._hooks["on_train_batch_begin"]
        self._train_batch_end = self._hooks["on_train_batch_end"]

    def _call(self, name: str, logs: Logs) -> None:
        logs = plain(logs)
        for hook in self._hooks[name]:
            hook(logs)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._collect()
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._collect()
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._collect()
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        logs = plain(logs)
        for hook in self._hooks["on_epoch_begin"]:
            hook(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        shared = plain(logs) or {}
        for hook in self._hooks["on_epoch_end"]:
            hook(epoch, shared)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        for hook in self._train_batch_begin:
            hook(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        for hook in self._train_batch_end:
            hook(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        for hook in self._hooks["on_test_batch_begin"]:
            hook(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        for hook in self._hooks["on_test_batch_end"]:
            hook(batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        for hook in self._hooks["on_predict_batch_begin"]:
            hook(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        for hook in self._hooks["on_predict_batch_end"]:
            hook(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.on_train_batch_end(batch, logs)


def plain(logs: Logs) -> dict[str, Any] | None:
    """Logs as a dict of Python numbers; values with axes stay arrays."""
    if logs is None:
        return None
    return {name: float(value) if _is_scalar(value) else value for name, value in logs.items()}


def _is_scalar(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 0 and hasattr(value, "__float__") and not isinstance(value, bool | int)


def _flat(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    if isinstance(callbacks, list | tuple):
        return [item for callback in callbacks for item in _flat(callback)]
    if isinstance(callbacks, type):
        name = callbacks.__name__
        raise ArgumentError(f"A callback is an object, got the class {name}: pass {name}().")
    if not hasattr(callbacks, "set_model"):
        raise ArgumentError(f"A callback is a multiback.callbacks.Callback, got {callbacks!r}.")
    return [callbacks]


def _first(callbacks: list[Any], kind: type) -> Any:
    return next((callback for callback in callbacks if isinstance(callback, kind)), None)


def _hook(callback: Any, name: str) -> Callable[..., None] | None:
    """The callback's own method of this name (or of its other name), or None if it is the inherited empty one."""
    own = vars(callback) if isinstance(callback, Callback) else HOOKS
    overridden = _overridden(type(callback))  # type: ignore[arg-type]  # a class can be hashed
    for candidate in (name, _ALIASES.get(name)):
        if candidate in overridden or candidate in own:
            method = getattr(callback, str(candidate), None)
            if method is not None:
                return method
    return None


def _hook_names(callback: Any) -> Iterable[str]:
    """The names under which a callback may have hooks."""
    if not isinstance(callback, Callback):
        return HOOKS
    names = {*_overridden(type(callback)), *(n for n in vars(callback) if n in HOOKS)}  # type: ignore[arg-type]
    names.update(name for name, alias in _ALIASES.items() if alias in names)
    return names


@functools.cache
def _overridden(kind: type) -> frozenset[str]:
    """The hooks that a class defines for itself."""
    names = (*HOOKS, *_ALIASES.values())
    return frozenset(n for n in names if getattr(kind, n, getattr(Callback, n)) is not getattr(Callback, n))
