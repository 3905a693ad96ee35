"""Loops and branches, which stay what they are."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.graph.ir import Literal
from multiback_jax.importer.node import Handler, Node, as_value, dtype_of, known, number


def _scan(node: Node, *operands: Any) -> Any:
    consts, carried = node["num_consts"], node["num_carry"]
    fixed = operands[:consts]
    init = operands[consts : consts + carried]
    rows = operands[consts + carried :]

    def step(carry: Any, row: Any) -> Any:
        results = node.run(node["jaxpr"], [*fixed, *carry, *(row or ())])
        return tuple(results[:carried]), tuple(results[carried:])

    last, stacked = ops.scan(
        step,
        tuple(as_value(x) for x in init),
        tuple(as_value(x) for x in rows) or None,
        length=node["length"],
        reverse=bool(node["reverse"]),
    )
    return (*last, *stacked)


def _while(node: Node, *operands: Any) -> Any:
    of_test, of_body = node["cond_nconsts"], node["body_nconsts"]
    test_consts = operands[:of_test]
    body_consts = operands[of_test : of_test + of_body]
    init = operands[of_test + of_body :]

    def test(*carry: Any) -> Any:
        return node.run(node["cond_jaxpr"], [*test_consts, *carry])[0]

    def body(*carry: Any) -> Any:
        return tuple(node.run(node["body_jaxpr"], [*body_consts, *carry]))

    return ops.while_loop(test, body, tuple(as_value(x) for x in init))


def _cond(node: Node, index: Any, *operands: Any) -> Any:
    branches = node["branches"]
    chosen = known(index)
    if chosen is not None:
        return tuple(node.run(branches[min(max(int(chosen), 0), len(branches) - 1)], operands))

    def branch(i: int) -> Any:
        return lambda: tuple(as_value(x) for x in node.run(branches[i], operands))

    def among(first: int) -> Any:
        if first == len(branches) - 1:
            return branch(first)
        return lambda: ops.cond(ops.less_equal(index, number(first, dtype_of(index))), branch(first), among(first + 1))

    if len(branches) == 1:
        return branch(0)()
    if len(branches) == 2:
        holds = index if dtype_of(index).kind == "b" else ops.not_equal(index, Literal(0, dtype_of(index)))
        return ops.cond(holds, branch(1), branch(0))
    return among(0)()


HANDLERS: dict[str, Handler] = {"cond": _cond, "scan": _scan, "while": _while}
