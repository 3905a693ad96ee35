"""Symbolic sizes of JAX as those of multiback, and back."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np

from multiback import dtypes
from multiback.errors import PortError
from multiback.graph.dims import Dim, Size, maximum, names
from multiback.graph.ir import Spec

_FUNCTIONS: dict[str, Callable[..., Size]] = {
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "max": maximum,
    "min": lambda a, b: a + b - maximum(a, b),
    "non_negative": lambda a: maximum(a, 0),
}
_OPERATORS: dict[type, Any] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.BitXor: lambda a, b: _power(a, b),
}


def is_symbolic(size: Any) -> bool:
    """Whether a size of JAX is known only when the program runs."""
    return not isinstance(size, int | np.integer) and jax.export.is_symbolic_dim(size)


def as_size(size: Any) -> Size:
    """A size of JAX, such as `2*batch + 1`, as an int or a `Dim`.

    Raises:
        PortError: for an expression that `Dim` does not have.
    """
    return _evaluated(ast.parse(str(size), mode="eval").body) if is_symbolic(size) else int(size)


def as_shape(shape: Iterable[Any]) -> tuple[Size, ...]:
    """A shape of JAX as one of multiback."""
    return tuple(as_size(n) for n in shape)


def _evaluated(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name):
            return Dim.named(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluated(left), _evaluated(right))
        case ast.Call(func=ast.Name(id=name), args=args) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*map(_evaluated, args))
    raise PortError(f"The symbolic size {ast.unparse(node)} of JAX has no equal here. Pass dynamic_batch=False.")


def _power(base: Size, exponent: int) -> Size:
    result: Size = 1
    for _ in range(exponent):
        result = result * base
    return result


def symbolic_arguments(specs: Sequence[Spec]) -> list[jax.ShapeDtypeStruct]:
    """Abstract arguments of JAX for these specs, their named sizes in one scope.

    Raises:
        PortError: for a size that is an expression, which JAX cannot take as an argument's.
    """
    found = sorted({name for spec in specs for size in spec.shape if isinstance(size, Dim) for name in names(size)})
    symbols = dict(zip(found, jax.export.symbolic_shape(", ".join(found)))) if found else {}

    def size_of(size: Size) -> Any:
        if not isinstance(size, Dim):
            return size
        if size.name is None:
            raise PortError(f"An input of JAX cannot have the size {size}: only a number or a name.")
        return symbols[size.name]

    return [jax.ShapeDtypeStruct(tuple(map(size_of, s.shape)), s.dtype.numpy) for s in specs]


def is_key(aval: Any) -> bool:
    """Whether an abstract value of JAX holds random keys, which are here pairs of words along a last axis."""
    return jax.dtypes.issubdtype(aval.dtype, jax.dtypes.prng_key)


def spec_of(aval: Any) -> Spec:
    """The spec of what stands for a value of JAX."""
    if is_key(aval):
        return Spec((*as_shape(aval.shape), 2), dtypes.uint32)
    return Spec(as_shape(aval.shape), dtypes.as_dtype(aval.dtype))
