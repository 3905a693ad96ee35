"""The closed registry: which names a configuration may use, and what they stand for. Nothing is ever imported by name.

Keras's form of a configuration is used, so that files and `get_config` results travel:
`{"module": "keras.losses", "class_name": "Huber", "config": {...}, "registered_name": None}`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from multiback.errors import ArgumentError, SavingError, unknown_name

T = TypeVar("T")

REGISTRIES: dict[str, Registry] = {}
CUSTOM: dict[str, Any] = {}
_SCOPED: ContextVar[Mapping[str, Any]] = ContextVar("multiback_custom_objects", default={})


class Registry:
    """The classes and functions of one kind, by name.

    Arguments:
        kind: For messages, such as "loss".
        module: Keras's module name in configurations, such as "keras.losses".
    """

    def __init__(self, kind: str, module: str) -> None:
        self.kind = kind
        self.module = module
        self.names: dict[str, Any] = {}
        self.canonical: dict[Any, str] = {}
        REGISTRIES[module] = self

    def register(self, *aliases: str) -> Callable[[T], T]:
        """Decorator that adds a class or function under its own name and these aliases."""

        def add(item: T) -> T:
            name = item.__name__  # type: ignore[attr-defined]
            self.canonical[item] = name
            for key in (name, *aliases):
                self.names[key] = item
            return item

        return add

    def get(self, identifier: Any) -> Any:
        """An object from a name, a configuration, a class or an object; None stays None.

        A name of a class gives an instance made with its defaults; a name of a function gives the function.

        Raises:
            UnknownNameError: if the name is not registered, with the nearest one that is.
        """
        if identifier is None:
            return None
        if isinstance(identifier, Mapping):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            identifier = self.lookup(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or type(identifier) in self.canonical:
            return identifier
        raise ArgumentError(
            f"A {self.kind} is given by name, configuration, function or object; got {identifier!r}."
        )

    def lookup(self, name: str) -> Any:
        """What a name stands for: custom objects in scope first, then this registry."""
        found = custom_object(name)
        if found is not None:
            return found
        if name in self.names:
            return self.names[name]
        raise unknown_name(self.kind, name, [*self.names, *_SCOPED.get(), *CUSTOM])

    def serialize(self, item: Any) -> Any:
        """The configuration of an object, or the name of a function; None stays None."""
        return serialize(item)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object that a configuration describes."""
        with custom_object_scope(custom_objects or {}):
            if isinstance(config, str):
                return self.get(config)
            return deserialize({"module": self.module, **config})


def registered_name(item: Any) -> str | None:
    """`package>name` of a class or function registered by a person, else None."""
    return next((name for name, value in CUSTOM.items() if value is item), None)


def custom_object(name: str) -> Any:
    """A custom object in scope, by its name or its `package>name`."""
    scoped = _SCOPED.get()
    if name in scoped:
        return scoped[name]
    return CUSTOM.get(name) or CUSTOM.get(f"Custom>{name}")


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """Inside, these names may occur in configurations too."""
    token = _SCOPED.set({**_SCOPED.get(), **objects})
    try:
        yield
    finally:
        _SCOPED.reset(token)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorator that lets a person's class or function occur in configurations, as `package>name`."""

    def add(item: T) -> T:
        CUSTOM[f"{package}>{name or item.__name__}"] = item  # type: ignore[attr-defined]
        return item

    return add


def serialize(item: Any) -> Any:
    """A configuration made of JSON types that `deserialize` turns back into the object.

    Raises:
        SavingError: if the object has no configuration.
    """
    if item is None or isinstance(item, bool | int | float | str):
        return str(item) if isinstance(item, str) else item
    if isinstance(item, list):
        return [serialize(x) for x in item]
    if isinstance(item, tuple):
        return {"class_name": "__tuple__", "items": [serialize(x) for x in item]}
    if isinstance(item, Mapping) and not hasattr(item, "get_config"):
        return {k: serialize(v) for k, v in item.items()}
    kind = item if inspect.isclass(item) or inspect.isfunction(item) else type(item)
    for registry in REGISTRIES.values():
        if kind in registry.canonical:
            return _described(item, kind, registry.module, registry.canonical[kind], None)
        if not inspect.isclass(item) and _hashable(item) and item in registry.canonical:
            return registry.canonical[item]
    custom = registered_name(kind)
    if hasattr(item, "get_config") and not inspect.isclass(item):
        return _described(item, kind, kind.__module__, kind.__name__, custom or kind.__name__)
    if inspect.isfunction(item) and item.__name__ != "<lambda>":
        return {"module": "builtins", "class_name": "function", "config": item.__name__,
                "registered_name": custom or item.__name__}  # fmt: skip
    if hasattr(item, "tolist"):
        return {"class_name": "__numpy__", "config": {"value": item.tolist(), "dtype": str(item.dtype)}}
    raise SavingError(
        f"{type(item).__name__} {item!r} has no configuration. Give it get_config(), or use a named function."
    )


def _hashable(item: Any) -> bool:
    return type(item).__hash__ is not None


def _described(item: Any, kind: Any, module: str, name: str, registered: str | None) -> Any:
    if inspect.isfunction(item):
        return name
    config = {"module": module, "class_name": name, "config": item.get_config(), "registered_name": registered}
    if hasattr(item, "get_build_config") and (build := item.get_build_config()):
        config["build_config"] = build
    if hasattr(item, "get_compile_config") and (compiled := item.get_compile_config()):
        config["compile_config"] = compiled
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object that a configuration describes; only registered names and `custom_objects` are known.

    Raises:
        UnknownNameError: for a class that is neither registered nor given.
        SavingError: for a configuration that is malformed.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if config is None or isinstance(config, bool | int | float | str):
        return config
    if isinstance(config, list | tuple):
        return [deserialize(x) for x in config]
    if not isinstance(config, Mapping):
        return config
    name = config.get("class_name")
    if name is None or "config" not in config and name != "__tuple__":
        return {k: deserialize(v) for k, v in config.items()}
    if name == "__tuple__":
        return tuple(deserialize(x) for x in config["items"])
    if name == "__numpy__":
        import numpy as np

        return np.asarray(config["config"]["value"], config["config"]["dtype"])
    return _rebuild(name, config)


def _rebuild(name: str, config: Mapping[str, Any]) -> Any:
    registered = config.get("registered_name")
    item = custom_object(registered) if registered else None
    registry = REGISTRIES.get(str(config.get("module")))
    if name == "function":
        return item or custom_object(config["config"]) or _function(config["config"])
    if item is None and registry is not None:
        item = registry.lookup(name)
    if item is None:
        item = custom_object(name)
    if item is None:
        known = [n for r in REGISTRIES.values() for n in r.names]
        error = unknown_name("class", registered or name, [*known, *CUSTOM])
        error.args = (f"{error.args[0].split(' Known:')[0]} Pass it in custom_objects, or register it with "
                      "@multiback.saving.register_keras_serializable().",)  # fmt: skip
        raise error
    inner = config["config"]
    if not hasattr(item, "from_config"):
        return item
    made = item.from_config(dict(inner))
    if config.get("build_config") and hasattr(made, "build_from_config") and not getattr(made, "built", True):
        made.build_from_config(config["build_config"])
    if config.get("compile_config") and hasattr(made, "compile_from_config"):
        made.compile_from_config(config["compile_config"])
    return made


def _function(name: str) -> Any:
    for registry in REGISTRIES.values():
        if name in registry.names and not inspect.isclass(registry.names[name]):
            return registry.names[name]
    raise unknown_name("function", name, CUSTOM)
