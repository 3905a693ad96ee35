"""The interpreter of jaxprs: equation by equation, each by the handler of its primitive."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.extend.core
import numpy as np

from multiback import dtypes
from multiback.errors import PortError
from multiback.graph.dims import Dim, evaluate, names
from multiback.graph.ir import Literal, Spec
from multiback.graph.trace import scope
from multiback.porting.handlers import custom
from multiback_jax.importer.broadcasts import silent_broadcasts
from multiback_jax.importer.handlers import HANDLERS
from multiback_jax.importer.liveness import living
from multiback_jax.importer.node import Node, as_value, cast, dtype_of, is_abstract
from multiback_jax.importer.scopes import path_of
from multiback_jax.importer.sizes import as_size, is_key, is_symbolic, spec_of

_LARGEST_FOLD = 64
"""Elements of the largest array of integers that is computed while the graph is built, such as indices."""

_OF_NUMBERS = ("convert_element_type", "broadcast_in_dim", "jit", "pjit", "cond", "scan", "while")
"""Primitives whose handlers take numbers as they are when nothing but numbers comes in."""

_OF_KEYS = ("random_", "threefry", "jit", "scan", "while", "cond", "custom_", "remat", "closed_call", "call", "copy")
"""Beginnings of the names of primitives that take keys as they are; others treat the two words of a key alike."""


@dataclass
class Interpreter:
    """Runs jaxprs on values of the graph that is being recorded.

    Attributes:
        note: Where what a person should know goes.
        numbers: Numbers of the program before rounding, see `literals.py`.
        root: The name that paths begin with, which is left out.
    """

    note: Callable[[str], None]
    numbers: Mapping[tuple[int, int], float] = field(default_factory=dict)
    root: str = ""

    def run(self, jaxpr: Any, values: Sequence[Any], consts: Sequence[Any] | None = None) -> list[Any]:
        """The outputs of a jaxpr, closed or open, on these values."""
        open_jaxpr = getattr(jaxpr, "jaxpr", jaxpr)
        consts = list(getattr(jaxpr, "consts", ())) if consts is None else list(consts)
        env: dict[Any, Any] = {}
        for variable, const in zip(open_jaxpr.constvars, consts, strict=True):
            env[variable] = constant(const)
        for variable, value in zip(open_jaxpr.invars, values, strict=True):
            env[variable] = value

        def read(atom: Any) -> Any:
            return _literal(atom) if isinstance(atom, jax.extend.core.Literal) else env[atom]

        silent = silent_broadcasts(open_jaxpr)
        for equation in living(open_jaxpr)[0]:
            if id(equation) in silent:
                env[equation.outvars[0]] = read(equation.invars[0])
                continue
            path = path_of(equation.source_info.name_stack, self.root)
            with scope(path) if path else contextlib.nullcontext():
                operands = [read(x) for x in equation.invars]
                for i, x in enumerate(operands):
                    if (meant := self.numbers.get((id(equation), i))) is not None and isinstance(x, Literal):
                        operands[i] = Literal(meant, x.dtype)
                results = self.apply(equation, operands)
            for variable, result in zip(equation.outvars, results, strict=True):
                env[variable] = result
        return [read(x) for x in open_jaxpr.outvars]

    def apply(self, equation: Any, operands: list[Any]) -> list[Any]:
        """The results of one equation."""
        name = equation.primitive.name
        if _folds(equation, operands):
            return _folded(equation, operands)
        if not any(map(is_abstract, operands)) and name not in _OF_NUMBERS:
            operands = _with_an_array(operands)
        specs = [spec_of(v.aval) for v in equation.outvars]
        params = {k: _parameter(v) for k, v in equation.params.items()}
        keys = [is_key(v.aval) for v in equation.invars]
        if any(keys) and not name.startswith(_OF_KEYS):
            results = self._by_words(equation, params, specs, operands, keys)
        else:
            results = self._call(equation, params, specs, operands)
        many = equation.primitive.multiple_results
        return [checked(name, r, s) for r, s in zip(results if many else [results], specs, strict=True)]

    def _call(self, equation: Any, params: Mapping[str, Any], specs: Sequence[Spec], operands: Sequence[Any]) -> Any:
        name = equation.primitive.name
        own = custom("jax").get(name)
        if own is not None:
            return own(*operands, **params)
        return HANDLERS[name](Node(name, params, specs, self.run, self.note, equation), *operands)

    def _by_words(
        self,
        equation: Any,
        params: Mapping[str, Any],
        specs: Sequence[Spec],
        operands: Sequence[Any],
        keys: Sequence[bool],
    ) -> Any:
        """A primitive that moves keys, done on their first words and on their second ones."""
        from multiback import ops

        halves = [Spec(s.shape[:-1], s.dtype) for s in specs]
        words = [
            self._call(equation, params, halves, [x[..., i] if key else x for x, key in zip(operands, keys)])
            for i in range(2)
        ]
        if isinstance(words[0], list | tuple):
            return [ops.stack(pair, -1) for pair in zip(*words)]
        return ops.stack(words, -1)


def constant(x: Any) -> np.ndarray:
    """An array that the program closes over, without a copy where that is possible."""
    if hasattr(x, "dtype") and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x)


def _literal(atom: Any) -> Any:
    """A number of the program."""
    array = np.asarray(atom.val, atom.aval.dtype)
    return Literal(array.item(), dtypes.as_dtype(array.dtype)) if not array.shape else array


def _parameter(x: Any) -> Any:
    """A parameter of an equation with its symbolic sizes as Dims."""
    if type(x) in (tuple, list):
        return tuple(map(_parameter, x))
    return as_size(x) if is_symbolic(x) else x


def _with_an_array(operands: list[Any]) -> list[Any]:
    """Operands of which at least one is an array: a number that float32 holds exactly, the others stay as they are."""
    numbers = [i for i, x in enumerate(operands) if isinstance(x, Literal)]
    if len(numbers) < len(operands) or not operands:
        return operands
    with np.errstate(over="ignore"):
        exact = [i for i in numbers if not operands[i].dtype.is_float or _is_exact(operands[i].value)]
    chosen = (exact or numbers)[0]
    return [as_value(x) if i == chosen else x for i, x in enumerate(operands)]


def _is_exact(value: float) -> bool:
    return bool(np.float32(value) == value)


def _folds(equation: Any, operands: Sequence[Any]) -> bool:
    """Whether an equation of few integers is computed now: indices, sizes, choices of branches."""
    if not operands or any(map(is_abstract, operands)) or any(is_key(v.aval) for v in equation.invars):
        return False
    if any(_holds_program_or_size(v) for v in equation.params.values()):
        return False
    name = equation.primitive.name
    if name.startswith(("random", "threefry")) or name in custom("jax") or equation.effects:
        return False
    return all(
        dtype_of(x).kind in "biu" and dtype_of(x).bits <= 32 for x in [*operands, *(v.aval for v in equation.outvars)]
    ) and all(spec_size(v.aval) <= _LARGEST_FOLD for v in equation.outvars)


def spec_size(aval: Any) -> int:
    """How many elements an abstract value of JAX has; very many when that is not known."""
    return 1 << 62 if any(is_symbolic(n) for n in aval.shape) else int(np.prod(aval.shape, dtype=np.int64))


def _holds_program_or_size(x: Any) -> bool:
    if isinstance(x, tuple | list):
        return any(map(_holds_program_or_size, x))
    return hasattr(x, "eqns") or hasattr(x, "jaxpr") or callable(x) or is_symbolic(x)


def _folded(equation: Any, operands: Sequence[Any]) -> list[Any]:
    arrays = [as_value(x) for x in operands]
    with jax.ensure_compile_time_eval():
        results = equation.primitive.bind(*map(jax.numpy.asarray, arrays), **equation.params)
    found = results if equation.primitive.multiple_results else [results]
    return [np.asarray(x) for x in found]


def checked(name: str, result: Any, spec: Spec) -> Any:
    """A handler's result, which must have the shape and the kind of dtype that JAX says.

    Raises:
        PortError: naming the primitive.
    """
    if isinstance(result, bool | int | float | complex):
        result = np.asarray(result, spec.dtype.numpy)
    got = dtype_of(result)
    same_rank = len(result.shape) == len(spec.shape)
    if got.kind != spec.dtype.kind or not same_rank or not all(map(_same, result.shape, spec.shape)):
        raise PortError(
            f"The handler of {name!r} gave {got}{list(result.shape)}, but JAX says {spec.dtype}{list(spec.shape)}."
        )
    result = cast(result, spec.dtype)
    # A number stays one, so that it stands where it is used.
    scalar = isinstance(result, np.ndarray) and not result.shape and spec.dtype.kind != "c"
    return Literal(result.item(), spec.dtype) if scalar else result


def _same(a: Any, b: Any) -> bool:
    """Whether two sizes are equal, judged at some sizes of the batch where their expressions differ."""
    if a == b or not (isinstance(a, Dim) or isinstance(b, Dim)):
        return a == b
    free = names(a) | names(b)
    return all(evaluate(a, dict.fromkeys(free, n)) == evaluate(b, dict.fromkeys(free, n)) for n in (6, 7, 12))
