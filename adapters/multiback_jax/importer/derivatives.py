"""Functions with a derivative of their own: `jax.custom_jvp` and `jax.custom_vjp`.

Where the rule is the function's own derivative, which is tried at random points, the function is inlined. Where it is
another one (a straight-through estimator, a reversed gradient), the result is

    stop_gradient(f(x)) + L(stop_gradient(x), x - stop_gradient(x))

with L the linear map of the rule: the second term is 0, and its gradient is what the rule says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core
import numpy as np

from multiback import ops
from multiback_jax.importer import named
from multiback_jax.importer.liveness import equations
from multiback_jax.importer.node import Node, as_value, dtype_of, is_abstract

_ROUNDING = 64
"""How many roundings two ways to compute one derivative may lie apart."""


def custom_jvp(node: Node, *operands: Any) -> Any:
    """The handler of `custom_jvp_call`."""
    return _custom(node, operands)


def custom_vjp(node: Node, *operands: Any) -> Any:
    """The handler of `custom_vjp_call`."""
    return _custom(node, operands)


def keeps_derivative(equation: Any) -> bool:
    """Whether the rule of a call is the derivative of the function itself, as far as random points tell."""
    jaxpr = equation.params["call_jaxpr"]
    floats = [i for i, a in enumerate(jaxpr.in_avals) if np.issubdtype(a.dtype, np.floating)]
    plain = jax.extend.core.jaxpr_as_fun(jaxpr)
    return not floats or _same_derivative(plain, _as_function(equation), jaxpr.in_avals, floats)


def _custom(node: Node, operands: Sequence[Any]) -> Any:
    jaxpr = node["call_jaxpr"]
    composite = named.composite_of(jaxpr)
    if composite is not None:
        return [composite(*operands)]
    name = jaxpr.jaxpr.debug_info.func_name
    plain = jax.extend.core.jaxpr_as_fun(jaxpr)
    ruled = _as_function(node.equation)
    floats = [
        i for i, a in enumerate(jaxpr.in_avals) if np.issubdtype(a.dtype, np.floating) and is_abstract(operands[i])
    ]
    if not floats or _same_derivative(plain, ruled, jaxpr.in_avals, floats):
        return node.run(jaxpr, operands)
    rule = _linear_map(ruled, jaxpr.in_avals, floats)
    if rule is None:
        node.note(
            f"{name}: its own rule for the gradient is not linear in what comes in, and cannot be brought along. "
            "Gradients are those of the function itself."
        )
        return node.run(jaxpr, operands)
    node.note(f"{name}: has its own rule for the gradient, which is kept.")
    held = [ops.stop_gradient(x) if i in floats else x for i, x in enumerate(map(as_value, operands))]
    tangents = [ops.subtract(operands[i], held[i]) for i in floats]
    values = node.run(jaxpr, held)
    moves = iter(node.run(rule, [*held, *tangents]))
    return [ops.add(ops.stop_gradient(as_value(v)), next(moves)) if dtype_of(v).is_float else v for v in values]


def _as_function(equation: Any) -> Callable[..., Any]:
    """One equation as a function of its operands, the rule for its derivative kept."""
    variables = [v for v in equation.invars if not isinstance(v, jax.extend.core.Literal)]
    jaxpr = jax.extend.core.Jaxpr(
        constvars=(),
        invars=list(dict.fromkeys(variables)),
        outvars=equation.outvars,
        eqns=[equation],
        effects=set(),
        debug_info=equation.params["call_jaxpr"].jaxpr.debug_info,
    )
    run = jax.extend.core.jaxpr_as_fun(jax.extend.core.ClosedJaxpr(jaxpr, ()))

    def function(*operands: Any) -> Any:
        given = {
            v: x for v, x in zip(equation.invars, operands, strict=True) if not isinstance(v, jax.extend.core.Literal)
        }
        return run(*given.values())

    return function


def _float_outputs(function: Callable[..., Any], operands: Sequence[Any], floats: Sequence[int]) -> Callable[..., Any]:
    """The float results of a function as one of its float operands."""

    def of_floats(*values: Any) -> list[Any]:
        full = list(operands)
        for i, value in zip(floats, values):
            full[i] = value
        return [y for y in function(*full) if np.issubdtype(y.dtype, np.floating)]

    return of_floats


def _pulled(function: Callable[..., Any], floats: Sequence[int], count: int) -> Callable[..., Any]:
    def pulled(*arrays: Any) -> Any:
        operands, cotangents = arrays[:count], list(arrays[count:])
        _, pull = jax.vjp(_float_outputs(function, operands, floats), *(operands[i] for i in floats))
        return pull(cotangents)

    return pulled


def _same_derivative(
    plain: Callable[..., Any], ruled: Callable[..., Any], avals: Sequence[Any], floats: Sequence[int]
) -> bool:
    """Whether the rule is the function's own derivative, at random points of a batch of 3."""
    given = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in avals]
    try:
        outputs = [y for y in jax.eval_shape(plain, *given) if np.issubdtype(y.dtype, np.floating)]
        random = np.random.default_rng(0)
        arguments = [*given, *outputs]
        points = [_point(random, a) for a in arguments]
        results = []
        # Numbers are needed here even where a jit around it is being traced.
        with jax.ensure_compile_time_eval():
            for function in (plain, ruled):
                compiled = jax.jit(_pulled(function, floats, len(given)))
                if any(not isinstance(n, int) for a in arguments for n in a.shape):
                    results.append(jax.export.export(compiled)(*arguments).call(*points))
                else:
                    results.append(compiled(*points))
    except Exception:  # A rule that JAX itself cannot run here is not known to be the same.
        return False
    return all(map(_close, *results))


def _point(random: np.random.Generator, aval: Any) -> Any:
    shape = tuple(n if isinstance(n, int) else 3 for n in aval.shape)
    if np.issubdtype(aval.dtype, np.floating):
        return random.normal(0, 1.3, shape).astype(aval.dtype)
    return random.integers(0, 2, shape).astype(aval.dtype)


def _close(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    unit = float(np.finfo(np.float32).eps)
    return bool(np.allclose(a, b, rtol=_ROUNDING * unit, atol=_ROUNDING * unit * (np.abs(a).max(initial=0.0) or 1.0)))


def _linear_map(ruled: Callable[..., Any], avals: Sequence[Any], floats: Sequence[int]) -> Any:
    """The jaxpr of (operands, changes of the float ones) -> changes of the results by the rule; None if not linear."""
    given = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in avals]
    count = len(given)

    def forward(*arrays: Any) -> Any:
        operands, tangents = arrays[:count], arrays[count:]
        of_floats = _float_outputs(ruled, operands, floats)
        return jax.jvp(of_floats, [operands[i] for i in floats], list(tangents))[1]

    def transposed(*arrays: Any) -> Any:
        operands, tangents = arrays[:count], arrays[count:]
        of_floats = _float_outputs(ruled, operands, floats)
        results, pull = jax.vjp(of_floats, *(operands[i] for i in floats))
        (moves,) = jax.linear_transpose(pull, results)(tuple(tangents))
        return moves

    for attempt in (forward, transposed):
        try:
            found = jax.make_jaxpr(attempt)(*given, *(given[i] for i in floats))
        except Exception:  # The rule has no such form: a custom_vjp has no forward mode, some are not linear.
            continue
        # JAX leaves this where a rule of the reverse mode alone was asked for the forward mode.
        if all(e.primitive.name != "custom_lin" for e in equations(found)):
            return found
    return None
