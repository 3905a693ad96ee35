"""Calls, branches and loops: nodes that run functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.porting.host_values import is_host, is_symbolic
from multiback_tensorflow.importer import loops
from multiback_tensorflow.importer.interpreter import Context, Resource, operand
from multiback_tensorflow.importer.program import Function
from multiback_tensorflow.importer.tables.lists import TensorList
from multiback_tensorflow.importer.written import written_arguments

Handler = Callable[..., Any]


def _call(context: Context, node: Any, function: Function, *inputs: Any) -> Any:
    return context.run(function.library[node.attributes["f"]], inputs)


def _if(context: Context, node: Any, function: Function, predicate: Any, *inputs: Any) -> Any:
    library = function.library
    branches = [library[node.attributes[name]] for name in ("then_branch", "else_branch")]
    if is_host(predicate) and not is_symbolic(predicate):
        return context.run(branches[0 if np.asarray(predicate).any() else 1], inputs)
    predicate = operand(predicate)
    if predicate.dtype != "bool":
        predicate = ops.not_equal(predicate, 0)
    return _branched(context, predicate, branches, inputs, node.attributes["Tout"])


def _case(context: Context, node: Any, function: Function, index: Any, *inputs: Any) -> Any:
    branches = [function.library[name] for name in node.attributes["branches"]]
    last = len(branches) - 1
    if is_host(index) and not is_symbolic(index):
        place = int(np.asarray(index))
        return context.run(branches[place if 0 <= place < last else last], inputs)
    return _chosen(context, operand(index), branches, 0, inputs, node.attributes["Tout"])


def _chosen(
    context: Context, index: Any, branches: Sequence[Any], first: int, inputs: Sequence[Any], dtypes: Sequence[str]
) -> Any:
    """The results of branch `index`; of the last one where there is no such branch."""
    if len(branches) == 1:
        return context.run(branches[0], inputs)

    def rest(arguments: Sequence[Any]) -> Any:
        return _chosen(context, index, branches[1:], first + 1, arguments, dtypes)

    return _branched(context, ops.equal(index, first), [branches[0], rest], inputs, dtypes, branches)


def _branched(
    context: Context,
    predicate: Any,
    branches: Sequence[Any],
    inputs: Sequence[Any],
    dtypes: Sequence[str],
    all_branches: Sequence[Function] | None = None,
) -> list[Any]:
    """Both branches recorded as one `cond`; variables that either assigns are among its results."""
    named = all_branches or branches
    changed = sorted({inputs[i].name for f in named for i in written_arguments(f) if isinstance(inputs[i], Resource)})
    before = [context.weights[name].value for name in changed]
    forms: list[list[Any]] = []

    def branch(run: Any) -> Handler:
        def record() -> list[Any]:
            with context.holding(changed, before) as held:
                results = context.run(run, inputs) if isinstance(run, Function) else run(inputs)
                forms.append(results)
                arrays = [_array(x, dtype) for x, dtype in zip(results, dtypes, strict=True)]
                return [*(x for x in arrays if x is not None), *(h.value for h in held.values())]

        return record

    found = list(ops.cond(predicate, branch(branches[0]), branch(branches[1])))
    for name, value in zip(changed, found[len(found) - len(changed) :]):
        context.weights[name].assign(value)
    arrays = iter(found)
    return [x if isinstance(x, Resource) else loops.restored(x, next(arrays)) for x in forms[0]]


def _array(x: Any, dtype: str) -> Any:
    if isinstance(x, Resource):
        return None
    if isinstance(x, TensorList):
        return x.stacked()
    x = operand(x, dtype)
    return x if x.dtype == dtype else ops.cast(x, dtype)


def _while(context: Context, node: Any, function: Function, *inputs: Any) -> Any:
    condition, body = (function.library[node.attributes[name]] for name in ("cond", "body"))
    return loops.record(context, condition, body, list(inputs))


def _for(context: Context, node: Any, function: Function, *inputs: Any) -> Any:
    raise ArgumentError("loops of the op For are not supported; use tf.while_loop.")


CONTEXTUAL: dict[str, Handler] = {
    "Case": _case,
    "If": _if,
    "PartitionedCall": _call,
    "RemoteCall": lambda context, node, function, target, *inputs: _call(context, node, function, *inputs),
    "StatefulPartitionedCall": _call,
    "StatelessCase": _case,
    "StatelessIf": _if,
    "StatelessWhile": _while,
    "While": _while,
}
