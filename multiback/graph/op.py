"""What an op is: a name, its parameters, and the rules that give it a meaning.

A *primitive* has a shape rule (what comes out of abstract values), a NumPy meaning and, if differentiable, a vjp rule.
A *composite* has a body in terms of other ops; it stays one equation until an adapter lets it expand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, get_type_hints

from multiback.errors import ArgumentError, closest

if TYPE_CHECKING:
    Array = Any
else:

    class Array:
        """Annotation of an op's parameters that take arrays; all other parameters are attributes."""


OPS: dict[str, Op] = {}
_OPERANDS = (Array, Array | None, Sequence[Array])


class Op:
    """One operation of the vocabulary.

    Attributes:
        name: Its name in `multiback.ops`.
        composite: Whether it has a body in terms of other ops.
        rule: The shape rule of a primitive, or the body of a composite.
        operands: Names of the array parameters; those in `variadic` take a sequence of arrays.
        attributes: Names of the other parameters.
        canonical: Changes the bound arguments in place before they are recorded (dtype promotion, axes made positive).
        numpy: The meaning on NumPy arrays.
        gradient: `gradient(g, y, *operands, **attributes)` gives the cotangent of each operand (None: it has none).
        cases: The conformance cases.
        accepts: Dtype kinds the operands may have, such as "iuf"; checked when recording.
        bodies: The traced bodies of a composite, by signature.
    """

    def __init__(
        self,
        rule: Callable[..., Any],
        *,
        composite: bool,
        name: str | None = None,
        canonical: Callable[[dict[str, Any]], None] | None = None,
        cases: Any = (),
        accepts: str = "",
    ) -> None:
        self.name = name or rule.__name__.strip("_")
        self.composite = composite
        self.rule = rule
        self.canonical = canonical
        self.cases = list(cases)
        self.accepts = accepts
        self.numpy: Callable[..., Any] | None = None
        self.gradient: Callable[..., Any] | None = None
        self.module = rule.__module__
        self.__name__ = self.__qualname__ = self.name
        self.__doc__ = rule.__doc__
        self.__module__ = rule.__module__
        self.__wrapped__ = rule
        self.__signature__ = inspect.signature(rule)
        hints = get_type_hints(rule, {**rule.__globals__, "Array": Array, "Sequence": Sequence})
        self.parameters = tuple(self.__signature__.parameters)
        self.operands = tuple(p for p in self.parameters if hints.get(p) in _OPERANDS)
        self.attributes = tuple(p for p in self.parameters if p not in self.operands)
        self._defaults = {
            n: p.default for n, p in self.__signature__.parameters.items() if p.default is not inspect.Parameter.empty
        }
        self._positional = tuple(
            n for n, p in self.__signature__.parameters.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY
        )
        self.variadic = frozenset(p for p in self.operands if hints[p] == Sequence[Array])
        self.bodies: dict[Any, Any] = {}
        if self.name in OPS and OPS[self.name].rule.__qualname__ != rule.__qualname__:
            raise ArgumentError(f"An op named {self.name!r} exists already, in {OPS[self.name].module}.")
        OPS[self.name] = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Applies the op; what is in `multiback.ops` defines it."""
        raise NotImplementedError

    def vjp(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator that gives this op its gradient rule: `(g, y, *operands, **attributes) -> cotangents`."""
        self.gradient = function
        return function

    def meaning(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator that gives this op its meaning on NumPy arrays."""
        self.numpy = function
        return function

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by parameter name, defaults filled in.

        Raises:
            ArgumentError: for an unknown, repeated or missing argument.
        """
        if len(args) > len(self._positional):
            raise ArgumentError(f"{self.name}() takes {len(self._positional)} positional arguments, got {len(args)}.")
        call = dict(self._defaults)
        call.update(zip(self._positional, args))
        for key, value in kwargs.items():
            if key not in self.parameters:
                raise ArgumentError(
                    f"{self.name}() has no argument {key!r}.{closest(key, self.parameters)} "
                    f"It takes: {', '.join(self.parameters)}."
                )
            if key in self._positional[: len(args)]:
                raise ArgumentError(f"{self.name}() got {key!r} twice: by position and by name.")
            call[key] = value
        if len(call) < len(self.parameters):
            missing = [p for p in self.parameters if p not in call]
            raise ArgumentError(f"{self.name}() lacks the argument {', '.join(map(repr, missing))}.")
        return call

    def __repr__(self) -> str:
        return f"<{'composite' if self.composite else 'primitive'} {self.name}>"


def get_op(name: str) -> Op:
    """The op of this name.

    Raises:
        UnknownNameError: with the nearest name that exists.
    """
    if name in OPS:
        return OPS[name]
    from multiback.errors import unknown_name

    raise unknown_name("op", name, OPS)
