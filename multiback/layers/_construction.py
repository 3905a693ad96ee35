"""What happens around a layer's constructor and its build method."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def recording_arguments(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor that keeps what it was called with, for layers that define no get_config."""
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if "_arguments" not in self.__dict__:
            try:
                bound = signature.bind(self, *args, **kwargs)
                named = dict(list(bound.arguments.items())[1:])
                named.update(named.pop("kwargs", {}))
                self.__dict__["_arguments"] = named
            except TypeError:
                self.__dict__["_arguments"] = {}
        init(self, *args, **kwargs)

    return wrapped


def keeping_account(build: Callable[..., None]) -> Callable[..., None]:
    """`build` called by a person is like the first call: the layer knows its path and its shapes afterwards."""
    signature = inspect.signature(build)

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        shapes = dict(list(signature.bind(self, *args, **kwargs).arguments.items())[1:])
        if self._building or all(shape is None for shape in shapes.values()):
            build(self, *args, **kwargs)
        elif not self.built:
            self._build(shapes)

    return wrapped


def legacy_input_shape(kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
    """The shape in the arguments `input_shape` or `input_dim`, which are taken out."""
    if "input_dim" in kwargs:
        return (kwargs.pop("input_dim"),)
    shape = kwargs.pop("input_shape", None)
    return tuple(shape) if shape is not None else None
