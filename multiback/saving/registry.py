"""The closed registry: which names a configuration may use, and what they stand for. Nothing is ever imported by name.

Keras's form of a configuration is used, so that files and `get_config` results travel:
`{"module": "keras.losses", "class_name": "Huber", "config": {...}, "registered_name": None}`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from multiback.errors import ArgumentError, MultibackError, SavingError, unknown_name
from multiback.graph.op import OPS, Op
from multiback.graph.slices import Slice

T = TypeVar("T")

REGISTRIES: dict[str, Registry] = {}
CUSTOM: dict[str, Any] = {}
_FILED: dict[Any, str] = {}
_SCOPED: ContextVar[Mapping[str, Any]] = ContextVar("multiback_custom_objects", default=MappingProxyType({}))
_SHARED: ContextVar[dict[Any, Any] | None] = ContextVar("multiback_shared_objects", default=None)
_SHARING: ContextVar[_Sharing | None] = ContextVar("multiback_sharing", default=None)
_INSIDE: ContextVar[bool] = ContextVar("multiback_inside_configuration", default=False)
_SPECIAL = ("__numpy__", "__tensor__", "__bytes__", "__slice__", "__ellipsis__")
_REGISTERED = (
    "activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "optimizers.schedules", "regularizers",
)  # fmt: skip
_KINDS = (
    "optimizers.schedules", "optimizers", "layers", "losses", "metrics", "initializers", "regularizers", "constraints",
    "dtype_policies",
)  # fmt: skip
_CODE = ("__lambda__", "__typespec__")


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
        raise ArgumentError(f"A {self.kind} is given by name, configuration, function or object; got {identifier!r}.")

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


def file_under(module: str) -> Callable[[T], T]:
    """Decorator that makes a class known under another of Keras's modules too, and writes it under that one."""

    def add(item: T) -> T:
        registry = REGISTRIES.get(module) or Registry("object", module)
        registry.register()(item)
        _FILED[item] = module
        return item

    return add


def registered_name(item: Any) -> str | None:
    """`package>name` of a class or function registered by a person, else None."""
    return next((name for name, value in CUSTOM.items() if value is item), None)


def custom_object(name: Any) -> Any:
    """A custom object in scope, by its name or its `package>name`."""
    scoped = _SCOPED.get()
    if name in scoped:
        return scoped[name]
    return CUSTOM.get(name, CUSTOM.get(f"Custom>{name}"))


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Inside, these names may occur in configurations too.

    Example:
        >>> with custom_object_scope({"Scale": Scale}):
        ...     model = load_model("model.keras")
    """
    token = _SCOPED.set({**_SCOPED.get(), **custom_objects})
    try:
        yield
    finally:
        _SCOPED.reset(token)


def get_custom_objects() -> dict[str, Any]:
    """The dict of all objects registered in this process; what is put into it may occur in configurations."""
    return CUSTOM


def get_registered_name(obj: Any) -> str:
    """`package>name` of a registered class or function; its own name if it is not registered."""
    return registered_name(obj) or obj.__name__


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """The class or function of this name: in scope, registered, in `custom_objects`, in `module_objects`; or None."""
    for known in (_SCOPED.get(), CUSTOM, custom_objects or {}, module_objects or {}):
        if name in known:
            return known[name]
    return None


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorator that lets a person's class or function occur in configurations, as `package>name`.

    Raises:
        ArgumentError: for a class without get_config().

    Example:
        >>> @register_keras_serializable("mine")
        ... class Scale(Layer): ...
    """

    def add(item: T) -> T:
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise ArgumentError(f"{item.__name__} cannot be registered: it has no get_config() method.")
        CUSTOM[f"{package}>{name or item.__name__}"] = item  # type: ignore[attr-defined]
        return item

    return add


@dataclass
class _Sharing:
    """Which layers were met while serializing, and the numbers of those that are met more than once."""

    met: Counter[int] = field(default_factory=Counter)
    numbers: dict[int, int] = field(default_factory=dict)


def serialize_with_sharing(item: Any) -> Any:
    """As `serialize`, with a number on each layer that occurs more than once; see `shared_objects`."""
    sharing = _Sharing()
    token = _SHARING.set(sharing)
    try:
        found = serialize(item)
        sharing.numbers = {key: i for i, (key, count) in enumerate(sharing.met.items()) if count > 1}
        return serialize(item) if sharing.numbers else found
    finally:
        _SHARING.reset(token)


@contextmanager
def shared_objects() -> Iterator[None]:
    """Inside, what has the same number in a configuration is deserialized to one object."""
    if _SHARED.get() is not None:
        yield
        return
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def serialize(item: Any) -> Any:
    """A configuration made of JSON types that `deserialize` turns back into the object.

    Raises:
        SavingError: if the object has no configuration.
    """
    if item is None or isinstance(item, bool | int | float | str):
        return str(item) if isinstance(item, str) else item
    if isinstance(item, list | tuple):
        found = [serialize(x) for x in item]
        return tuple(found) if isinstance(item, tuple) else found
    if isinstance(item, Mapping) and not hasattr(item, "get_config"):
        return {k: serialize(v) for k, v in item.items()}
    if (special := _special(item)) is not None:
        return special
    kind = item if inspect.isclass(item) or inspect.isfunction(item) else type(item)
    kind = kind.__dict__.get("_saved_as", kind)
    if (module := _module_of(kind)) is not None:
        return _described(item, module, REGISTRIES[module].canonical[kind], None)
    if not inspect.isclass(item) and _hashable(item) and (module := _module_of(item)) is not None:
        return REGISTRIES[module].canonical[item]
    custom = registered_name(kind)
    if hasattr(item, "get_config") and not inspect.isclass(item):
        return _described(item, kind.__module__, kind.__name__, custom or kind.__name__)
    if inspect.isfunction(item) and item.__name__ != "<lambda>":
        name = custom or item.__name__
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}
    if item.__class__ is Op:
        return {"module": "keras.ops", "class_name": "function", "config": item.name, "registered_name": item.name}
    raise SavingError(
        f"{type(item).__name__} {item!r} has no configuration. Give it get_config(), or use a named function: "
        "code is never saved."
    )


def _special(item: Any) -> Any:
    if isinstance(item, bytes):
        return {"class_name": "__bytes__", "config": {"value": item.decode()}}
    if isinstance(item, slice | Slice):
        parts = {name: serialize(getattr(item, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if item is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if not hasattr(item, "tolist") or inspect.isclass(item):
        return None
    if not getattr(item, "shape", ()):
        return item.tolist()
    dtype = str(item.dtype).rpartition(".")[2]
    return {"class_name": "__numpy__", "config": {"value": item.tolist(), "dtype": dtype}}


def _module_of(kind: Any) -> str | None:
    found = _FILED.get(kind)
    return found or next((m for m, registry in REGISTRIES.items() if kind in registry.canonical), None)


def _hashable(item: Any) -> bool:
    return type(item).__hash__ is not None


def _described(item: Any, module: str, name: str, registered: str | None) -> Any:
    if inspect.isfunction(item):
        return name
    config: dict[str, Any] = {
        "module": None if module == "__main__" else module,
        "class_name": name,
        "config": serialize(item.get_config()),
        "registered_name": registered,
    }
    if hasattr(item, "get_build_config") and (build := item.get_build_config()):
        config["build_config"] = build
    if hasattr(item, "get_compile_config") and (compiled := item.get_compile_config()):
        config["compile_config"] = compiled
    sharing = _SHARING.get()
    if sharing is not None and hasattr(item, "get_build_config"):
        sharing.met[id(item)] += 1
        if id(item) in sharing.numbers:
            config["shared_object_id"] = sharing.numbers[id(item)]
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True) -> Any:
    """The object that a configuration describes; only registered names and `custom_objects` are known.

    Arguments:
        config: What `serialize` gave, or Keras wrote.
        custom_objects: Classes and functions by the names in the configuration.
        safe_mode: For Keras's signature: code in a configuration is refused whatever it is.

    Raises:
        UnknownNameError: for a class that is neither registered nor given.
        SavingError: for a configuration that is malformed, or holds code.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if config is None or isinstance(config, bool | int | float | str):
        return config
    if isinstance(config, list | tuple):
        found = [deserialize(x) for x in config]
        return tuple(found) if isinstance(config, tuple) else found
    if not isinstance(config, Mapping):
        return config
    name = config.get("class_name")
    if name is None or "config" not in config:
        return {k: deserialize(v) for k, v in config.items()}
    if name in _CODE:
        raise SavingError(
            f"The configuration holds code ({name}), and code is never loaded, with safe_mode=False neither. "
            "Save the model with a named function, and pass that in custom_objects."
        )
    if name in _SPECIAL:
        return _revived(name, config["config"])
    return _rebuild(name, config)


def _revived(name: str, config: Any) -> Any:
    import numpy as np

    from multiback.dtypes import as_dtype

    try:
        if name == "__bytes__":
            return config["value"].encode()
        if name == "__slice__":
            return slice(*(deserialize(config[part]) for part in ("start", "stop", "step")))
        if name == "__ellipsis__":
            return Ellipsis
        return np.asarray(config["value"], as_dtype(config["dtype"]).numpy)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise SavingError(f"The configuration has a malformed {name}: {error}. Use an undamaged copy.") from error


def _rebuild(name: Any, config: Mapping[str, Any]) -> Any:
    shared = _SHARED.get()
    if (number := config.get("shared_object_id")) is not None and shared is not None and number in shared:
        return shared[number]
    inner = {} if config["config"] is None else config["config"]
    if name == "function" and isinstance(inner, str):
        return _function(inner, config)
    if not isinstance(name, str) or not isinstance(inner, Mapping):
        raise SavingError(f"The configuration of {str(name)[:80]!r} is malformed. Use an undamaged copy.")
    item = _class_of(name, config)
    if not hasattr(item, "from_config"):
        return item
    made = _made(item, name, inner)
    if number is not None and shared is not None:
        shared[number] = made
    # What is inside something else is built by it, under its name.
    if not _INSIDE.get() and config.get("build_config") and not getattr(made, "built", True):
        made.build_from_config(config["build_config"])
    if config.get("compile_config") and hasattr(made, "compile_from_config"):
        made.compile_from_config(config["compile_config"])
    return made


@functools.cache
def _fill_registries() -> None:
    """Loads the modules whose classes a configuration may name."""
    for module in _REGISTERED:
        importlib.import_module(f"multiback.{module}")


def _class_of(name: str, config: Mapping[str, Any]) -> Any:
    _fill_registries()
    registered, module = config.get("registered_name"), config.get("module")
    item = custom_object(registered) if isinstance(registered, str) else None
    if item is None and (registry := _registry_of(module)) is not None:
        return registry.lookup(name)
    item = custom_object(name) if item is None else item
    if item is not None:
        return item
    known = [n for r in REGISTRIES.values() for n in r.names]
    error = unknown_name("class", registered or name, [*known, *CUSTOM])
    error.args = (f"{error.args[0].split(' Known:')[0]} Pass it in custom_objects, or register it with "
                  "@multiback.saving.register_keras_serializable().",)  # fmt: skip
    raise error


def _registry_of(module: Any) -> Registry | None:
    """The registry for a module that Keras writes; on some of its backends it writes the private one."""
    if not isinstance(module, str) or module in REGISTRIES or not module.startswith("keras."):
        return REGISTRIES.get(module) if isinstance(module, str) else None
    parts = module.split(".")
    return next((REGISTRIES[f"keras.{kind}"] for kind in _KINDS if kind.rpartition(".")[2] in parts), None)


def _made(item: Any, name: str, config: Mapping[str, Any]) -> Any:
    config = dict(config)
    if inspect.isclass(item) and _module_of(item) is not None:
        # Keras writes arguments of features that we lack, such as quantization; unset, they ask for nothing.
        config = {k: v for k, v in config.items() if v is not None or k in _arguments(item)}  # type: ignore[arg-type]
    token = _INSIDE.set(True)
    try:
        return item.from_config(config)
    except MultibackError:
        raise
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise SavingError(f"{name} cannot be made from its configuration: {error!r}.") from error
    finally:
        _INSIDE.reset(token)


@functools.cache
def _arguments(kind: type) -> frozenset[str]:
    constructors = [vars(base)["__init__"] for base in kind.__mro__[:-1] if "__init__" in vars(base)]
    return frozenset(name for constructor in constructors for name in inspect.signature(constructor).parameters)


def _function(name: str, config: Mapping[str, Any]) -> Any:
    _fill_registries()
    registered = config.get("registered_name")
    for item in (custom_object(registered), custom_object(name)):
        if item is not None:
            return item
    for registry in REGISTRIES.values():
        if name in registry.names and not inspect.isclass(registry.names[name]):
            return registry.names[name]
    if config.get("module") == "keras.ops" and name in OPS:
        return OPS[name]
    raise unknown_name("function", name, CUSTOM)
