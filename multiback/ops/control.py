"""Control flow: equations that hold sub-graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import tree
from multiback.errors import ArgumentError, GradientError, ShapeError, StateError
from multiback.graph import gradient
from multiback.graph.dims import Dim
from multiback.graph.ir import Graph, Spec, Value
from multiback.graph.trace import Builder, Inner, current_builder, trace_inner
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, primitive


def traced_from(**inner: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    """Canonical form: a sub-graph that is given as a function, as by the cases, is traced on what it will get."""

    def canonical(call: dict[str, Any]) -> None:
        for name, arguments in inner.items():
            if not isinstance(call[name], Graph):
                call[name] = trace_inner(call[name], arguments(call), name=name).graph

    return canonical


_X, _Y, _STATE = Sample(("batch", 3)), Sample(("batch", 3)), Sample((3,))
_KINDS = (
    ("", ("float32",), True),
    (" in other floats", OTHER_FLOATS, False),
    (" of integers", ("int32", "uint8"), False),
)
_COUNT = Sample(values=0, dtype="int32")


@primitive(
    name="cond",
    canonical=traced_from(true_graph=lambda call: call["operands"], false_graph=lambda call: call["operands"]),
    cases=[
        Case(
            (Sample(values=taken, dtype="bool"), (_X, _Y)),
            {"true_graph": lambda x, y: (x * y, x), "false_graph": lambda x, y: (x - y, y)},
            f"{'true' if taken else 'false'}{label}",
            dtypes,
            differentiable=differentiable,
        )
        for taken in (True, False)
        for label, dtypes, differentiable in _KINDS
    ]
    + [
        Case(
            (Sample(values=True, dtype="bool"), (_COUNT, Sample(()))),
            {"true_graph": lambda n, x: (n + 1, x * x), "false_graph": lambda n, x: (n, x)},
            "scalars of two dtypes",
        ),
        Case(
            (Sample(values=False, dtype="bool"), (Sample(values=[-4.0, 0.0]),)),
            {"true_graph": lambda x: (x / 0.0,), "false_graph": lambda x: (x * 2.0,)},
            "division by zero not taken",
        ),
    ],
)
def _cond(predicate: Array, operands: Sequence[Array], true_graph: Graph, false_graph: Graph) -> tuple[Spec, ...]:
    """The outputs of `true_graph` on the operands where the scalar predicate holds, else those of `false_graph`."""
    return tuple(x.spec for x in true_graph.outputs)


def _looped(call: dict[str, Any]) -> Any:
    return (*call["init"], *call["captures"])


@primitive(
    name="while_loop",
    canonical=traced_from(condition=_looped, body=_looped),
    cases=[
        Case(
            ((_COUNT, _X), (Sample((3,)),)),
            {"condition": lambda n, x, y, steps=steps: n < steps, "body": lambda n, x, y: (n + 1, x * y + y)},
            f"{steps} steps{label}",
            dtypes,
            Bound(8, lambda *_, **__: 16.0),
            differentiable=False,
        )
        for steps, label, dtypes in (
            *((n, "", ("float32",)) for n in (0, 1, 3)),
            (2, " in other floats", OTHER_FLOATS),
            (2, " of integers", ("int32",)),
        )
    ]
    + [
        Case(
            ((Sample(values=[1.0, 3.0]),), ()),
            {"condition": lambda x: (x * x)[0] < 100.0, "body": lambda x: (x * 2.0,)},
            "until it is large",
            differentiable=False,
        )
    ],
)
def _while_loop(init: Sequence[Array], captures: Sequence[Array], condition: Graph, body: Graph) -> tuple[Spec, ...]:
    """The state after `body` has been applied for as long as `condition` holds; both also see the captures."""
    return tuple(x.spec for x in init)


def _stepped(call: dict[str, Any]) -> Any:
    return (*call["init"], *(Spec(x.shape[1:], x.dtype) for x in call["xs"]), *call["captures"])


_ROWS = Sample(("time", 3))
_NEAR_STATE = Bound(8, lambda *_, **__: 4.0)


def _recurrence(h: Any, x: Any, w: Any) -> Any:
    new = h * w + x
    return new, new * x


@primitive(
    name="scan",
    canonical=traced_from(body=_stepped),
    cases=[
        Case(
            ((Sample((3,)),), (_ROWS,), (Sample((3,), -0.5, 0.5),)),
            {"body": _recurrence, "length": Dim.named("time"), "reverse": reverse},
            "backwards" if reverse else "forwards",
            bound=_NEAR_STATE,
        )
        for reverse in (False, True)
    ]
    + [
        Case(
            ((Sample((3,)),), (Sample((4, 3)),), (Sample((3,), -0.5, 0.5),)),
            {"body": _recurrence, "length": 4, "reverse": False},
            label,
            dtypes,
            _NEAR_STATE,
            differentiable,
        )
        for label, dtypes, differentiable in (
            ("other floats", OTHER_FLOATS, False),
            ("gradient in half precision", HALVES, True),
            ("integers", ("int32", "int64"), False),
        )
    ]
    + [
        Case(
            ((_STATE,), (Sample((0, 3)),), ()),
            {"body": lambda h, x: (h + x, h * x), "length": 0, "reverse": False},
            "no steps",
        ),
        Case(((_STATE,), (), ()), {"body": lambda h: (h * 0.5, h), "length": 3, "reverse": False}, "no rows"),
        Case(
            ((_STATE,), (_ROWS,), ()),
            {"body": lambda h, x: (h + x,), "length": Dim.named("time"), "reverse": False},
            "no outputs",
            bound=Bound(8, lambda *_, **__: 8.0),
        ),
        Case(
            ((), (_ROWS,), ()), {"body": lambda x: (x * x,), "length": Dim.named("time"), "reverse": True}, "no carry"
        ),
        Case(
            ((_COUNT, Sample(("batch", 2))), (Sample((1, 2)), Sample((1,), dtype="int32")), ()),
            {"body": lambda n, h, x, k: (n + k, h * x, n, h), "length": 1, "reverse": False},
            "one step, two dtypes",
        ),
    ],
)
def _scan(
    init: Sequence[Array], xs: Sequence[Array], captures: Sequence[Array], body: Graph, length: Any, reverse: bool
) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
    """The last carry and the stacked outputs of `length` steps of `body(*carry, *row of xs, *captures)`."""
    stacked = tuple(Spec((length, *x.shape), x.dtype) for x in body.outputs[len(init) :])
    return tuple(x.spec for x in init), stacked


@_cond.meaning
def _(predicate: Any, operands: Any, true_graph: Callable[..., Any], false_graph: Callable[..., Any]) -> Any:
    return (true_graph if predicate else false_graph)(*operands)


@_while_loop.meaning
def _(init: Any, captures: Any, condition: Callable[..., Any], body: Callable[..., Any]) -> Any:
    state = tuple(init)
    while condition(*state, *captures)[0]:
        state = body(*state, *captures)
    return state


@_scan.meaning
def _(
    init: Any, xs: Any, captures: Any, body: Callable[..., Any], length: int, reverse: bool, output_specs: Any
) -> Any:
    carry, rows = tuple(init), []
    steps = range(length - 1, -1, -1) if reverse else range(length)
    for t in steps:
        out = body(*carry, *(x[t] for x in xs), *captures)
        carry = out[: len(init)]
        rows.append(out[len(init) :])
    if not rows:
        return carry, tuple(np.zeros(shape, dtype.numpy) for shape, dtype in output_specs[1])
    rows = rows[::-1] if reverse else rows
    return carry, tuple(np.stack(column) for column in zip(*rows))


@_cond.vjp
def _(g: Any, y: Any, predicate: Any, operands: Any, true_graph: Graph, false_graph: Graph) -> Any:
    wrt = [i for i, x in enumerate(operands) if x.dtype.is_float]

    def pull(graph: Graph) -> Callable[..., Any]:
        cotangents = [c if x.dtype.is_float else None for c, x in zip(g, graph.outputs)]
        return lambda: tuple(gradient.vjp(graph, operands, wrt, cotangents)[1])

    found = dict(zip(wrt, cond(predicate, pull(true_graph), pull(false_graph))))
    return None, tuple(found.get(i) for i in range(len(operands)))


@_while_loop.vjp
def _(*_: Any, **__: Any) -> Any:
    raise GradientError(
        "while_loop has no reverse-mode gradient, since its number of steps is not known. "
        "Use ops.scan with a fixed length, or ops.stop_gradient on its inputs."
    )


@_scan.vjp
def _(g: Any, y: Any, init: Any, xs: Any, captures: Any, body: Graph, length: Any, reverse: bool) -> Any:
    carries, count = len(init), len(init) + len(xs)

    def record(carry: Any, x: Any) -> Any:
        out = gradient.inline(body, [*carry, *x, *captures])
        return tuple(out[:carries]), tuple(carry)

    _, before = scan(record, tuple(init), tuple(xs), length=length, reverse=reverse)
    wrt = [i for i, x in enumerate([*init, *xs, *captures]) if x.dtype.is_float]
    floats = [i for i, x in enumerate(init) if x.dtype.is_float]
    outs = [i for i, x in enumerate(body.outputs[carries:]) if x.dtype.is_float]
    shared = [i - count for i in wrt if i >= count]

    def step(state: Any, x: Any) -> Any:
        carry_bar, total = state
        carry, row, ys_bar = x
        cotangents: list[Any] = [None] * len(body.outputs)
        for i, c in zip(floats, carry_bar):
            cotangents[i] = c
        for i, c in zip(outs, ys_bar):
            cotangents[carries + i] = c
        pulled = dict(zip(wrt, gradient.vjp(body, [*carry, *row, *captures], wrt, cotangents)[1]))
        total = tuple(t + pulled[count + i] for t, i in zip(total, shared))
        rows = tuple(pulled[i] for i in wrt if carries <= i < count)
        return (tuple(pulled[i] for i in floats), total), rows

    zeros = tuple(gradient.zeros(captures[i]) for i in shared)
    start = (tuple(g[0][i] for i in floats), zeros)
    over = (before, tuple(xs), tuple(g[1][i] for i in outs))
    (init_bar, total), rows = scan(step, start, over, length=length, reverse=not reverse)
    inits = dict(zip(floats, init_bar))
    row_of = dict(zip([i - carries for i in wrt if carries <= i < count], rows))
    shares = dict(zip(shared, total))
    return (
        tuple(inits.get(i) for i in range(carries)),
        tuple(row_of.get(i) for i in range(len(xs))),
        tuple(shares.get(i) for i in range(len(captures))),
    )


def _no_assignment(name: str, inner: Inner) -> None:
    if inner.assigned:
        paths = ", ".join(repr(v.path) for v in inner.assigned)
        raise StateError(
            f"{paths} was assigned inside ops.{name}. Carry its value through the loop and assign it after."
        )


def materialized(values: Sequence[Any], builder: Builder) -> list[Any]:
    """Values of the graph that is recorded, also for numbers."""
    lifted = [builder.lift(v) for v in values]
    return [builder.materialize(v) for v in lifted]


def cond(predicate: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], *operands: Any) -> Any:
    """`true_fn(*operands)` where the predicate holds, else `false_fn(*operands)`; only one of them runs.

    Arguments:
        predicate: Scalar boolean array.
        true_fn, false_fn: Return the same structure, shapes and dtypes; may use outer values and assign Variables.
        operands: Trees of arrays handed to either.

    Returns:
        What the chosen function returned.

    Raises:
        ShapeError: if the predicate is not scalar, or the branches return different shapes or dtypes.

    Example:
        >>> ops.cond(x > 0, lambda: x, lambda: -x)
    """
    builder = current_builder()
    if builder is None:
        return true_fn(*operands) if bool(predicate) else false_fn(*operands)
    predicate = builder.lift(predicate)
    if predicate.shape != ():
        raise ShapeError(f"cond() expects a scalar predicate, got shape {predicate.shape}.")
    first = trace_inner(true_fn, operands, name="true")
    second = trace_inner(false_fn, operands, name="false", extra=first.assigned)
    if second.assigned != first.assigned:
        first = trace_inner(true_fn, operands, name="true", extra=second.assigned)
    if first.structure != second.structure:
        raise ShapeError("The two branches of cond() return different structures.")
    for a, b in zip(first.graph.outputs, second.graph.outputs):
        if a.spec != b.spec:
            raise ShapeError(f"The two branches of cond() return {a.spec} and {b.spec}; they must be equal.")
    given = materialized(tree.leaves(operands), builder)
    graphs = []
    for inner, before, after in ((first, (), second.captures), (second, first.captures, ())):
        own = len(given)
        inputs = inner.graph.inputs
        pad = [[Value(v.shape, v.dtype) for v in extra] for extra in (before, after)]
        graphs.append(inner.graph.replace(inputs=(*inputs[:own], *pad[0], *inputs[own:], *pad[1])))
    results = builder.apply(
        _cond,
        {
            "predicate": predicate,
            "operands": (*given, *first.captures, *second.captures),
            "true_graph": graphs[0],
            "false_graph": graphs[1],
        },
    )
    kept = len(results) - len(first.assigned)
    for variable, value in zip(first.assigned, results[kept:]):
        builder.assign(variable, value)
    return tree.unflatten(first.structure, results[:kept])


def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any) -> Any:
    """Runs `body` on the loop variables for as long as `cond` holds. Not differentiable in reverse mode.

    Arguments:
        cond: `cond(*loop_vars)` gives a scalar boolean.
        body: `body(*loop_vars)` gives new loop variables of the same structure, shapes and dtypes.
        loop_vars: Tuple or list of trees of arrays.

    Returns:
        The last loop variables.

    Raises:
        ShapeError: if the body changes a shape, dtype or the structure.

    Example:
        >>> ops.while_loop(lambda i: i < 10, lambda i: (i + 1,), (0,))
    """
    builder = current_builder()
    loop_vars = tuple(loop_vars)
    if builder is None:
        while bool(cond(*loop_vars)):
            loop_vars = _as_tuple(body(*loop_vars))
        return loop_vars
    leaves, structure = tree.flatten(loop_vars)
    init = materialized(leaves, builder)
    specs = tree.unflatten(structure, [x.spec for x in init])
    test = trace_inner(cond, specs, name="condition")
    inner = trace_inner(lambda *v: _as_tuple(body(*v)), specs, name="body")
    _no_assignment("while_loop", inner)
    _same_carry("while_loop", init, inner, structure)
    n = len(init)
    pads = [[Value(v.shape, v.dtype) for v in extra] for extra in (inner.captures, test.captures)]
    results = builder.apply(
        _while_loop,
        {
            "init": tuple(init),
            "captures": (*test.captures, *inner.captures),
            "condition": test.graph.replace(inputs=(*test.graph.inputs, *pads[0])),
            "body": inner.graph.replace(inputs=(*inner.graph.inputs[:n], *pads[1], *inner.graph.inputs[n:])),
        },
    )
    return tree.unflatten(structure, results)


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _same_carry(name: str, init: Sequence[Any], inner: Inner, structure: Any) -> None:
    got = inner.graph.outputs[: len(init)]
    for i, (a, b) in enumerate(zip(init, got)):
        if a.spec != b.spec:
            raise ShapeError(f"{name}() starts with loop variable {i} as {a.spec}, but its body returns {b.spec}.")


def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, length: Any = None, reverse: bool = False, unroll: int = 1
) -> Any:
    """Runs `carry, y = f(carry, x)` over the leading axis of `xs`, stacking the `y`.

    Arguments:
        f: Returns the next carry (same structure, shapes, dtypes) and a tree of outputs.
        init: The first carry, a tree of arrays.
        xs: Tree of arrays with equal leading sizes, or None.
        length: Number of steps; needed when `xs` is None.
        reverse: From the last step to the first; outputs keep the order of `xs`.
        unroll: A hint that adapters may use; it never changes the result.

    Returns:
        The last carry, and the outputs stacked along a new leading axis.

    Raises:
        ArgumentError: if neither `xs` nor `length` tells the number of steps, or it is 0 outside a traced function.
        ShapeError: if leading sizes differ or the carry changes shape or dtype.

    Example:
        >>> total, sums = ops.scan(lambda c, x: (c + x, c + x), 0.0, ops.arange(4.0))
    """
    builder = current_builder()
    rows, row_structure = tree.flatten(xs) if xs is not None else ([], None)
    if not rows and length is None:
        raise ArgumentError("scan() needs xs or length to know how many steps to take.")
    if builder is None:
        return _scan_eagerly(f, init, rows, row_structure, length, reverse)
    rows = materialized(rows, builder)
    for x in rows:
        length = x.shape[0] if length is None else length
        if x.shape[0] != length:
            raise ShapeError(f"scan() takes {length} steps, but an input has leading size {x.shape[0]}.")
    leaves, structure = tree.flatten(init)
    carry = materialized(leaves, builder)

    def step(*values: Any) -> Any:
        x = tree.unflatten(row_structure, values[len(carry) :]) if row_structure is not None else None
        new, y = f(tree.unflatten(structure, values[: len(carry)]), x)
        new_leaves, new_structure = tree.flatten(new)
        if new_structure != structure:
            raise ShapeError("scan() got a carry of another structure back from its function.")
        return tuple(new_leaves), y

    inner = trace_inner(step, (*(x.spec for x in carry), *(Spec(x.shape[1:], x.dtype) for x in rows)), name="body")
    _no_assignment("scan", inner)
    _same_carry("scan", carry, inner, structure)
    last, stacked = builder.apply(
        _scan,
        {
            "init": tuple(carry),
            "xs": tuple(rows),
            "captures": inner.captures,
            "body": inner.graph,
            "length": length,
            "reverse": bool(reverse),
        },
    )
    _, y = tree.unflatten(inner.structure, [*last, *stacked])
    return tree.unflatten(structure, last), y


def _scan_eagerly(f: Any, init: Any, rows: list, row_structure: Any, length: Any, reverse: bool) -> Any:
    from multiback.graph.op import OPS

    steps = list(range(int(rows[0].shape[0]) if rows else int(length)))
    if not steps:
        raise ArgumentError("scan() of no steps cannot tell its outputs from arrays; do it in a traced function.")
    carry, outputs = init, []
    for t in reversed(steps) if reverse else steps:
        x = tree.unflatten(row_structure, [r[t] for r in rows]) if row_structure is not None else None
        carry, y = f(carry, x)
        outputs.append(y)
    outputs = outputs[::-1] if reverse else outputs
    return carry, tree.map(lambda *rows: None if rows[0] is None else OPS["stack"](list(rows)), *outputs)
