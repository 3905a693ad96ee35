"""Flax nnx modules, which hold their arrays themselves: split into a definition and a state."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import jax

from multiback.errors import PortError
from multiback.porting.imported import Weight
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources.arguments import Options, key_argument, training_switch
from multiback_jax.importer.sources.trees import as_numpy, is_array

_LOCK = threading.Lock()


def recognises(source: Any) -> bool:
    """Whether it is of this kind."""
    return any(c.__module__.startswith("flax.nnx.") and c.__name__ == "Module" for c in type(source).__mro__)


def program(source: Any, params: Any, args: tuple[Any, ...], kwargs: dict[str, Any], options: Options) -> Program:
    """The model as a pure function; variables that are no `nnx.Param` are its statistics.

    Raises:
        PortError: if parameters are given beside it.
    """
    from flax import nnx

    if params is not None:
        raise PortError("An nnx module holds its parameters itself: pass from_jax(module, None, inputs).")
    modules, states = {}, {}
    for training in (False, True):
        # A copy that shares the arrays: train() and eval() change the module they are called on.
        copy = nnx.merge(*nnx.split(source))
        copy.train() if training else copy.eval()
        modules[training], states[training] = nnx.split(copy)
    flat = dict(nnx.to_flat_state(states[False]))
    names = {path: "/".join(map(str, path)) for path in flat}
    keys = [path for path, v in flat.items() if isinstance(v, nnx.RngState)]
    weights = [
        Weight(names[path], as_numpy(v.get_value()), trainable=isinstance(v, nnx.Param))
        for path, v in flat.items()
        if path not in keys and is_array(v.get_value())
    ]
    kept = {w.name for w in weights}
    method = options.method or "__call__"
    switch = training_switch(getattr(type(source), method), kwargs, options)
    key_name = key_argument(getattr(type(source), method), kwargs, options)

    classes: dict[str, str] = {}

    def run(weights: Any, key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        state = dict(nnx.to_flat_state(states[training]))
        filled = {}
        for i, (path, variable) in enumerate(state.items()):
            value = weights.get(names.get(path), variable.get_value())
            if isinstance(variable, nnx.RngKey) and key is not None:
                value = jax.random.fold_in(key, i)
            filled[path] = variable.replace(value)
        module = nnx.merge(modules[training], nnx.from_flat_state(filled))
        extra: dict[str, Any] = switch(training)
        if key_name is not None:
            extra[key_name] = key
        with _scopes(module, classes):
            outputs = getattr(module, method)(*args, **{**kwargs, **extra})
        if not training:
            return outputs, {}
        new = dict(nnx.to_flat_state(nnx.state(module)))
        return outputs, {
            names[path]: v.get_value()
            for path, v in new.items()
            if names.get(path) in kept and v.get_value() is not filled[path].get_value()
        }

    return Program(options.name or type(source).__name__, "flax nnx", weights, run, (False, True), classes=classes)


@contextlib.contextmanager
def _scopes(root: Any, names: dict[str, str]) -> Iterator[None]:
    """Inside, every call of a module marks what it computes with the module's path; `names` gets the classes."""
    from flax import nnx

    paths = {id(m): _path_name(path) for path, m in nnx.iter_modules(root) if path}
    kinds = {type(m) for _, m in nnx.iter_modules(root) if "__call__" in vars(type(m))}

    def marked(call: Any) -> Any:
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            path = paths.get(id(self))
            if path is None:
                return call(self, *args, **kwargs)
            names[path] = type(self).__name__
            with _at(path):
                return call(self, *args, **kwargs)

        return wrapped

    with _LOCK:
        own = {c: vars(c)["__call__"] for c in kinds}
        try:
            for c, call in own.items():
                setattr(c, "__call__", marked(call))  # noqa: B010
            yield
        finally:
            for c, call in own.items():
                setattr(c, "__call__", call)  # noqa: B010


def _path_name(path: tuple[Any, ...]) -> str:
    """The path of a module inside another."""
    return "/".join(map(str, path))


_INSIDE = threading.local()


@contextlib.contextmanager
def _at(path: str) -> Iterator[None]:
    """A scope with what of the path is not there yet."""
    outer = getattr(_INSIDE, "path", "")
    rest = path.removeprefix(f"{outer}/") if outer and path.startswith(f"{outer}/") else path
    _INSIDE.path = path
    try:
        with jax.named_scope(rest):
            yield
    finally:
        _INSIDE.path = outer
