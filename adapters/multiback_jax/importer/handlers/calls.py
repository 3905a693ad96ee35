"""Primitives that hold a program, which is inlined; and effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import PortError
from multiback_jax.importer import derivatives, named
from multiback_jax.importer.node import Handler, Node, as_value, dtype_of, is_abstract


def _inlined(parameter: str) -> Handler:
    def handler(node: Node, *operands: Any) -> Any:
        return node.run(node[parameter], operands)

    return handler


def _jit(node: Node, *operands: Any) -> Any:
    composite = named.composite_of(node["jaxpr"])
    return [composite(*operands)] if composite is not None else node.run(node["jaxpr"], operands)


def _custom_linear_solve(node: Node, *operands: Any) -> Any:
    """A solution and one step of refinement, b - A x solved again: its gradient is that of the solution of A x = b."""
    counts, jaxprs = node["const_lengths"], node["jaxprs"]
    ends = (counts.matvec, counts.vecmat, counts.solve, counts.transpose_solve)
    starts = [sum(ends[:i]) for i in range(5)]
    of_product, of_solver = operands[: ends[0]], operands[starts[2] : starts[3]]
    wanted = [as_value(x) for x in operands[starts[4] :]]

    def solved(sides: Sequence[Any]) -> list[Any]:
        return node.run(jaxprs.solve, [*(_held(x) for x in of_solver), *sides])

    first = [_held(x) for x in solved([_held(x) for x in wanted])]
    products = node.run(jaxprs.matvec, [*of_product, *first])
    rest = solved([ops.subtract(b, p) for b, p in zip(wanted, products, strict=True)])
    return [ops.add(x, r) for x, r in zip(first, rest, strict=True)]


def _held(x: Any) -> Any:
    return ops.stop_gradient(x) if is_abstract(x) and dtype_of(x).is_inexact else x


def _platform(node: Node) -> Any:
    """The branch for every platform, since the graph may run on any."""
    platforms = node["platforms"]
    return np.asarray(platforms.index(None) if None in platforms else 0, np.int32)


def _dropped(node: Node, *operands: Any) -> Any:
    node.note(f"{node.name}: what the program prints or calls back for debugging is left out.")
    return ()


def _sum_over_devices(node: Node, *operands: Any) -> Any:
    """A sum over axes of the array, which is what `jax.vmap` makes of a named axis; other names are devices'."""
    axes = node["axes"]
    if any(not isinstance(a, int) for a in axes):
        raise PortError(f"{node.name} over the devices of {axes} cannot be ported; import the function inside.")
    results = [ops.sum(x, axis=axes) for x in operands] if axes else list(operands)
    return results if node.equation.primitive.multiple_results else results[0]


HANDLERS: dict[str, Handler] = {
    "call": _inlined("call_jaxpr"),
    "closed_call": _inlined("call_jaxpr"),
    "composite": _inlined("jaxpr"),
    "core_call": _inlined("call_jaxpr"),
    "custom_jvp_call": derivatives.custom_jvp,
    "custom_linear_solve": _custom_linear_solve,
    "custom_vjp_call": derivatives.custom_vjp,
    "custom_vmap_call": _inlined("call"),
    "debug_callback": _dropped,
    "debug_print": _dropped,
    "jit": _jit,
    "pjit": _jit,
    "platform_index": _platform,
    "psum": _sum_over_devices,
    "remat": _inlined("jaxpr"),
    "remat2": _inlined("jaxpr"),
}
