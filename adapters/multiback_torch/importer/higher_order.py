"""Ops of torch that hold sub-programs: branches, loops, and regions with a setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multiback import ops
from multiback.errors import UnsupportedModel
from multiback_torch.importer import calls, failures


def run(frame: Any, node: Any) -> Any:
    """The results of a node that holds sub-programs."""
    name = calls.op_names(node.target)[0]
    if name not in RULES:
        raise UnsupportedModel(f"{name} at {failures.node_place(node)} has no rule.", ops={name: 1})
    return RULES[name](frame, node)


def _inlined(frame: Any, module: Any, operands: Any) -> list[Any]:
    return list(frame.run(frame.read(module), [frame.read(x) for x in operands], operands))


def _gradients(frame: Any, node: Any) -> Any:
    """A region with gradients off (or on): what leaves it carries none."""
    enabled, module, *operands = node.args
    before = {x: frame.read(x) for x in operands if hasattr(x, "op")}
    frame.written.clear()
    results = _inlined(frame, module, operands)
    if enabled:
        return results
    passed_on = {}
    for x in frame.written & set(before):
        # What is written while gradients are off passes them on as if nothing had happened.
        value = frame.read(x)
        frame.assign(x, ops.add(before[x], ops.stop_gradient(ops.subtract(value, before[x]))))
        passed_on[id(value)] = frame.read(x)
    return [passed_on[id(x)] if id(x) in passed_on else _stopped(x) for x in results]


def _stopped(x: Any) -> Any:
    return ops.stop_gradient(x) if hasattr(x, "dtype") and x.dtype.kind in "fc" else x


def _autocast(frame: Any, node: Any) -> Any:
    """A region with automatic dtypes; where torch lowers them, results are rounded to what it recorded."""
    return _inlined(frame, node.args[4], node.args[5:])


def _checkpoint(frame: Any, node: Any) -> Any:
    return _inlined(frame, node.args[0], node.args[1:])


def _hinted(frame: Any, node: Any) -> Any:
    return _inlined(frame, node.args[0], node.args[1])


def _cond(frame: Any, node: Any) -> Any:
    predicate, true, false, operands = node.args
    operands = list(operands)
    chosen = frame.read(predicate)
    if isinstance(chosen, bool):
        return _inlined(frame, true if chosen else false, operands)
    values = [frame.read(x) for x in operands]
    branches = [_branch(frame, frame.read(m), values, operands) for m in (true, false)]
    return list(ops.cond(ops.reshape(chosen, ()), *branches))


def _branch(frame: Any, module: Any, values: list[Any], origins: list[Any]) -> Callable[[], Any]:
    return lambda: tuple(frame.run(module, values, origins))


def _while_loop(frame: Any, node: Any) -> Any:
    condition, body, carried, constant = node.args
    test, step = frame.read(condition), frame.read(body)
    fixed = [frame.read(x) for x in constant]
    init = tuple(frame.read(x) for x in carried)
    # A loop variable may be a number in torch's program; its body says with which dtype it goes on.
    return list(
        ops.while_loop(
            lambda *state: ops.reshape(frame.run(test, [*state, *fixed])[0], ()),
            lambda *state: tuple(frame.run(step, [*state, *fixed])),
            init,
        )
    )


def _map(frame: Any, node: Any) -> Any:
    body, rows, constant = node.args
    module, fixed = frame.read(body), [frame.read(x) for x in constant]
    _, results = ops.scan(
        lambda carry, row: (carry, tuple(frame.run(module, [*row, *fixed]))),
        (),
        tuple(frame.read(x) for x in rows),
    )
    return list(results)


def _scan(frame: Any, node: Any) -> Any:
    body, init, rows, *more = node.args
    constant = more[-1] if more and isinstance(more[-1], list | tuple) else ()
    module, fixed = frame.read(body), [frame.read(x) for x in constant]
    count = len(init)

    def step(carry: Any, row: Any) -> Any:
        results = frame.run(module, [*carry, *row, *fixed])
        return tuple(results[:count]), tuple(results[count:])

    last, stacked = ops.scan(step, tuple(frame.read(x) for x in init), tuple(frame.read(x) for x in rows))
    return [*last, *stacked]


RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "wrap_with_set_grad_enabled": _gradients,
    "wrap_with_autocast": _autocast,
    "tag_activation_checkpoint": _checkpoint,
    "wrap_activation_checkpoint": _checkpoint,
    "invoke_subgraph": lambda frame, node: _inlined(frame, node.args[0], node.args[2:]),
    "hints_wrapper": _hinted,
    "cond": _cond,
    "while_loop": _while_loop,
    "map_impl": _map,
    "scan": _scan,
}
"""Rules by name: `rule(frame, node) -> list of results`."""


def modules(node: Any, graph_module: Any) -> list[Any]:
    """The sub-programs that a node holds."""
    flat: list[Any] = []
    for x in node.args:
        flat += x if isinstance(x, list | tuple) else [x]
    return [getattr(graph_module, x.target) for x in flat if getattr(x, "op", "") == "get_attr"]
