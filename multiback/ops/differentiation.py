"""Gradients, as equations that hold the function they differentiate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback import tree
from multiback.errors import GradientError
from multiback.graph.ir import Graph, Literal, Spec
from multiback.graph.trace import Builder, current_builder, trace_inner
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, primitive
from multiback.ops.control import materialized, traced_from
from multiback.ops.reduction import sum
from multiback.ops.trigonometry import sin

_X = Sample((3, 4))


@primitive(
    name="value_and_grad",
    canonical=traced_from(body=lambda call: (*call["wrt"], *call["captures"])),
    cases=[
        Case(
            ((_X, Sample((4,))), (_X,)),
            {"body": lambda x, y, c: (sum(sin(x) * y * c), x * c)},
            label,
            dtypes,
            Bound(8, lambda *_, **__: 24.0),
            differentiable,
        )
        for label, dtypes, differentiable in (
            ("two arrays and a capture", ("float32",), True),
            ("other floats", OTHER_FLOATS, False),
            ("gradient in half precision", HALVES, True),
        )
    ]
    + [
        Case(((Sample(()),), ()), {"body": lambda x: (x * x * x,)}, "scalar"),
        Case(((_X, Sample((2,))), ()), {"body": lambda x, y: (sum(x * x),)}, "divergence-35"),
        Case(((Sample(("batch", 3)),), ()), {"body": lambda x: (sum(x * x),)}, "batch"),
    ],
)
def _value_and_grad(
    wrt: Sequence[Array], captures: Sequence[Array], body: Graph
) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
    """The outputs of `body(*wrt, *captures)`, the first of them a scalar, and its gradient for each of `wrt`."""
    return tuple(x.spec for x in body.outputs), tuple(x.spec for x in wrt)


def value_and_grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    variables: Sequence[Any] | None = None,
) -> Callable[..., Any]:
    """A function that returns what `f` returns, and the gradient of its scalar.

    Arguments:
        f: Returns a scalar, or `(scalar, aux)` with `has_aux`.
        argnums: Which positional arguments (trees of arrays) to differentiate. Ignored when `variables` is given.
        has_aux: Whether `f` returns something beside the scalar.
        variables: Differentiate with respect to these Variables instead of arguments.

    Returns:
        A function of the same arguments that gives `(result of f, gradients)`. Gradients have the structure of the
        chosen arguments, or are a list in the order of `variables`; they are 0 for what the scalar does not depend on.
        They can be differentiated again.

    Raises:
        GradientError: if the result is not a scalar float, or what is differentiated is not a float array.

    Example:
        >>> loss, gradients = ops.value_and_grad(lambda w: ops.sum(w * w))(w)
    """

    def differentiated(*args: Any) -> Any:
        builder = current_builder()
        if builder is None:
            return _eager_value_and_grad(f, argnums, has_aux, variables, args)
        return _traced_value_and_grad(builder, f, argnums, has_aux, variables, args)

    return differentiated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, variables: Sequence[Any] | None = None) -> Any:
    """A function that returns the gradient of the scalar function `f`; see `value_and_grad`."""
    both = value_and_grad(f, argnums, variables=variables)
    return lambda *args: both(*args)[1]


def _chosen(argnums: int | Sequence[int], args: tuple[Any, ...]) -> Any:
    return args[argnums] if isinstance(argnums, int) else tuple(args[i] for i in argnums)


def _with_chosen(argnums: int | Sequence[int], args: tuple[Any, ...], chosen: Any) -> list[Any]:
    replaced = list(args)
    for i, x in zip(
        [argnums] if isinstance(argnums, int) else argnums, [chosen] if isinstance(argnums, int) else chosen
    ):
        replaced[i] = x
    return replaced


def _traced_value_and_grad(builder: Builder, f: Any, argnums: Any, has_aux: bool, variables: Any, args: Any) -> Any:
    if variables is not None:
        wrt = [builder.read(v) for v in variables]
        inner = trace_inner(lambda: f(*args), (), name="body", variables=variables)
        structure = tree.flatten(list(wrt))[1]
    else:
        leaves, structure = tree.flatten(_chosen(argnums, args))
        wrt = materialized(leaves, builder)

        def on_leaves(*values: Any) -> Any:
            return f(*_with_chosen(argnums, args, tree.unflatten(structure, values)))

        inner = trace_inner(on_leaves, tuple(x.spec for x in wrt), name="body")
    for x in wrt:
        if not x.dtype.is_float:
            raise GradientError(f"Only float arrays can be differentiated, got {x!r}.")
    scalar = inner.graph.outputs[0]
    if isinstance(scalar, Literal) or scalar.shape != () or not scalar.dtype.is_float:
        raise GradientError(f"value_and_grad() needs a function that returns a scalar float, got {scalar.spec}.")
    outputs, gradients = builder.apply(
        _value_and_grad, {"wrt": tuple(wrt), "captures": inner.captures, "body": inner.graph}
    )
    kept = len(outputs) - len(inner.assigned)
    for variable, value in zip(inner.assigned, outputs[kept:]):
        builder.assign(variable, value)
    return tree.unflatten(inner.structure, outputs[:kept]), tree.unflatten(structure, gradients)


def _eager_value_and_grad(f: Any, argnums: Any, has_aux: bool, variables: Any, args: Any) -> Any:
    from multiback.backends import compile as compiling
    from multiback.backends import select
    from multiback.graph.trace import as_host_array

    if variables is not None:
        adapter = select.selected()
        given = [v.native(adapter) for v in variables]
        structure = tree.flatten(given)[1]
    else:
        leaves, structure = tree.flatten(_chosen(argnums, args))
        leaves = [as_host_array(x) if isinstance(x, float | list) else x for x in leaves]
        adapter, given, _ = compiling.natives(leaves, None)

    def on_leaves(*values: Any) -> Any:
        if variables is None:
            out = f(*_with_chosen(argnums, args, tree.unflatten(structure, values)))
        else:
            with variables[0].replaced(variables, values):
                out = f(*args)
        return out if has_aux else (out, None)

    (scalar, aux), gradients = adapter.value_and_grad(on_leaves, given)
    return (scalar, aux) if has_aux else scalar, tree.unflatten(structure, gradients)
