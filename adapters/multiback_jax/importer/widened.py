"""A jaxpr computed by JAX itself with every float in float64: the original, without its own rounding.

The original called on float64 arrays is not that: parts of it may ask for float32 (a softmax, the first state of a
cell), and its numbers are rounded otherwise. Here the equations are those of the program in its own precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
from jax import lax

from multiback.porting.imported import CannotRun
from multiback_jax.importer import derivatives, named
from multiback_jax.importer.literals import Numbers

_DTYPES = ("new_dtype", "preferred_element_type", "dtype", "out_dtype")
_INLINED = {
    "call": "call_jaxpr",
    "closed_call": "call_jaxpr",
    "composite": "jaxpr",
    "core_call": "call_jaxpr",
    "custom_vmap_call": "call",
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
}


def run(jaxpr: Any, values: Sequence[Any], numbers: Numbers) -> list[Any]:
    """The results of a jaxpr on these values, in float64; JAX must be in its 64-bit mode.

    Arguments:
        jaxpr: Closed or open, of known shapes.
        values: Its operands.
        numbers: Numbers of the program before rounding, see `literals.py`.

    Raises:
        CannotRun: for what reads the bits of floats.
    """
    program = getattr(jaxpr, "jaxpr", jaxpr)
    env = dict(zip(program.constvars, map(wide, getattr(jaxpr, "consts", ())), strict=True))
    env.update(zip(program.invars, map(wide, values), strict=True))

    def read(atom: Any, place: tuple[int, int] = (0, 0)) -> Any:
        if not isinstance(atom, jax.extend.core.Literal):
            return env[atom]
        aval: Any = atom.aval
        return wide(np.asarray(numbers.get(place, atom.val), _wide_dtype(aval.dtype)))

    for equation in program.eqns:
        operands = [read(x, (id(equation), i)) for i, x in enumerate(equation.invars)]
        results = _apply(equation, operands, numbers)
        env.update(zip(equation.outvars, results, strict=True))
    return [read(x) for x in program.outvars]


def wide(x: Any) -> Any:
    """Floats in float64, anything else as it is."""
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        return x
    return jnp.asarray(x, _wide_dtype(x.dtype))


def _wide_dtype(dtype: Any) -> Any:
    if jnp.issubdtype(dtype, np.floating):
        return np.float64
    return np.complex128 if jnp.issubdtype(dtype, np.complexfloating) else dtype


def _apply(equation: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    name, params = equation.primitive.name, equation.params
    if name in _INLINED:
        return run(params[_INLINED[name]], operands, numbers)
    if name in _CONTROL:
        return list(_CONTROL[name](params, operands, numbers))
    if name in ("custom_jvp_call", "custom_vjp_call"):
        return _with_own_rule(equation, operands, numbers)
    floats = [jnp.issubdtype(v.aval.dtype, np.floating) for v in (*equation.invars, *equation.outvars)]
    if name == "bitcast_convert_type" and any(floats):
        raise CannotRun("it reads the bits of float32 numbers")
    if name == "reduce_precision":
        return operands
    changed = {k: v if v is None else _wide_dtype(v) for k, v in params.items() if k in _DTYPES}
    results = equation.primitive.bind(*operands, **{**params, **changed})
    return list(results) if equation.primitive.multiple_results else [results]


def _with_own_rule(equation: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    """A function with a derivative of its own: as JAX has it where it is known, else inlined if that is the same."""
    jaxpr = equation.params["call_jaxpr"]
    known = named.original_of(jaxpr)
    if known is not None:
        return [known(*operands)]
    if not derivatives.keeps_derivative(equation):
        raise CannotRun(f"{jaxpr.jaxpr.debug_info.func_name!r} has its own rule for the gradient, in float32")
    return run(jaxpr, operands, numbers)


def _scan(params: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    consts, carried = params["num_consts"], params["num_carry"]
    fixed, init, rows = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]

    def step(carry: Any, row: Any) -> Any:
        results = run(params["jaxpr"], [*fixed, *carry, *row], numbers)
        return results[:carried], results[carried:]

    last, stacked = lax.scan(step, init, rows, length=params["length"], reverse=params["reverse"])
    return [*last, *stacked]


def _while(params: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    test, body = params["cond_nconsts"], params["body_nconsts"]
    of_test, of_body = operands[:test], operands[test : test + body]
    return lax.while_loop(
        lambda carry: run(params["cond_jaxpr"], [*of_test, *carry], numbers)[0],
        lambda carry: run(params["body_jaxpr"], [*of_body, *carry], numbers),
        operands[test + body :],
    )


def _cond(params: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    branches = [_branch(b, numbers) for b in params["branches"]]
    index, *rest = operands
    return lax.switch(jnp.asarray(index, np.int32), branches, *rest)


def _branch(jaxpr: Any, numbers: Numbers) -> Callable[..., list[Any]]:
    return lambda *operands: run(jaxpr, operands, numbers)


def _linear_solve(params: Any, operands: list[Any], numbers: Numbers) -> list[Any]:
    raise CannotRun("it solves linear equations by rules that are written for float32")


_CONTROL: dict[str, Callable[[Any, list[Any], Numbers], Any]] = {
    "cond": _cond,
    "custom_linear_solve": _linear_solve,
    "scan": _scan,
    "while": _while,
}
