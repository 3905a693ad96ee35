"""Primitives that hold a program, which is inlined; and effects."""

from __future__ import annotations

from typing import Any

from multiback_jax.importer import derivatives, named
from multiback_jax.importer.node import Handler, Node


def _inlined(parameter: str) -> Handler:
    def handler(node: Node, *operands: Any) -> Any:
        return node.run(node[parameter], operands)

    return handler


def _jit(node: Node, *operands: Any) -> Any:
    composite = named.composite_of(node["jaxpr"])
    return [composite(*operands)] if composite is not None else node.run(node["jaxpr"], operands)


def _custom_linear_solve(node: Node, *operands: Any) -> Any:
    """The solver itself, whose gradient is the derivative of its steps."""
    counts, jaxprs = node["const_lengths"], node["jaxprs"]
    start = counts.matvec + counts.vecmat
    of_solve = operands[start : start + counts.solve]
    right_hand_sides = operands[start + counts.solve + counts.transpose_solve :]
    return node.run(jaxprs.solve, [*of_solve, *right_hand_sides])


def _dropped(node: Node, *operands: Any) -> Any:
    node.note(f"{node.name}: what the program prints or calls back for debugging is left out.")
    return ()


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
    "remat": _inlined("jaxpr"),
    "remat2": _inlined("jaxpr"),
}
