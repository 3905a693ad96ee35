"""Floating-point operations by hand, against those that are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from multiback import dtypes, ops
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.graph.trace import trace
from multiback.profiling import Costs, costs, flops
from multiback.profiling.rules import RULES

BATCH = Dim.named("batch")


def counted(function: Callable[..., Any], *shapes: tuple[Any, ...], dtype: str = "float32", **sizes: int) -> Costs:
    graph = trace(function, *(Spec(shape, dtypes.as_dtype(dtype)) for shape in shapes)).graph
    return costs(graph, sizes)


def of_gradient(function: Callable[..., Any], *shapes: tuple[Any, ...]) -> Costs:
    """The costs of the gradient of the sum of `function(*arrays)` for all arrays."""
    argnums = tuple(range(len(shapes)))
    return counted(lambda *xs: ops.grad(lambda *ys: ops.sum(function(*ys)), argnums=argnums)(*xs), *shapes)


def softmax(rows: int, n: int) -> int:
    # A maximum and a sum of n numbers; n differences, exponentials and quotients.
    return rows * (2 * (n - 1) + 3 * n)


SIGMOID = 5
"""A comparison, a negation, an exponential, an addition and a division."""

BY_HAND: list[tuple[str, Callable[..., Any], list[tuple[int, ...]], int]] = [
    ("dense", lambda x, w, b: x @ w + b, [(5, 3), (3, 4), (4,)], 2 * 5 * 3 * 4 + 5 * 4),
    ("batches of products", ops.matmul, [(2, 5, 3), (2, 3, 4)], 2 * 2 * 5 * 3 * 4),
    ("vectors", ops.matmul, [(7,), (7,)], 2 * 7),
    ("conv", ops.conv, [(2, 6, 6, 3), (3, 3, 3, 8)], 2 * (2 * 4 * 4 * 8) * 9 * 3),
    (
        "conv with bias",
        lambda x, w, b: ops.conv(x, w, bias=b),
        [(2, 6, 6, 3), (3, 3, 3, 8), (8,)],
        2 * (2 * 4 * 4 * 8) * 9 * 3 + 2 * 4 * 4 * 8,
    ),
    ("padded conv", lambda x, w: ops.conv(x, w, padding="same"), [(1, 6, 3), (3, 3, 8)], 2 * 6 * 8 * 3 * 3),
    ("strided conv", lambda x, w: ops.conv(x, w, strides=2), [(1, 7, 3), (3, 3, 8)], 2 * 3 * 8 * 3 * 3),
    ("grouped conv", lambda x, w: ops.conv(x, w), [(1, 6, 4), (3, 2, 8)], 2 * 4 * 8 * 3 * 2),
    ("depthwise", ops.depthwise_conv, [(2, 6, 6, 3), (3, 3, 3, 2)], 2 * (2 * 4 * 4 * 6) * 9),
    ("transposed", lambda x, w: ops.conv_transpose(x, w, strides=2), [(1, 4, 4, 3), (3, 3, 2, 3)], 2 * 16 * 9 * 3 * 2),
    ("max pooling", lambda x: ops.max_pool(x, 2), [(1, 4, 4, 3)], 3 * 4 * 3),
    ("average pooling", lambda x: ops.average_pool(x, 2), [(1, 4, 4, 3)], 4 * 4 * 3),
    ("softmax", ops.softmax, [(2, 6)], softmax(2, 6)),
    (
        "attention",
        ops.dot_product_attention,
        [(2, 5, 3, 4), (2, 7, 3, 4), (2, 7, 3, 4)],
        2 * 3 * (2 * 5 * 7 * 4 + 5 * 7 + 2 * 5 * 7 * 4) + softmax(2 * 3 * 5, 7),
    ),
    (
        "lstm",
        ops.lstm,
        [(2, 5, 3), (3, 16), (4, 16), (16,)],
        # Two products and two additions for four gates; then for each unit three sigmoids, two tangents, c and h.
        5 * 2 * (2 * 3 * 16 + 2 * 4 * 16 + 2 * 16 + 4 * (3 * SIGMOID + 2 + 3 + 1)),
    ),
    (
        "batch norm",
        lambda x, m, v, b, g: ops.batch_normalization(x, m, v, -1, b, g),
        [(2, 3, 3, 4), (4,), (4,), (4,), (4,)],
        # A scale and a shift for each channel, from variance + epsilon, root, reciprocal, gamma and the mean.
        2 * 72 + 4 * (4 + 3),
    ),
    (
        "batch norm in training",
        lambda x, b, g: ops.batch_norm_train(x, b, g, axis=3, epsilon=0.001)[0],
        [(2, 3, 3, 4), (4,), (4,)],
        # Two means of 18, differences, squares, scale, shift; for each channel epsilon, root, reciprocal, gamma.
        4 * 2 * (17 + 1) + 4 * 72 + 4 * 4,
    ),
    ("sum", lambda x: ops.sum(x, axis=1), [(4, 5)], 4 * 4),
    ("running sum", lambda x: ops.cumsum(x, axis=1), [(4, 5)], 4 * 4),
    ("broadcast", ops.add, [(4, 1), (5,)], 20),
    ("functions", lambda x: ops.tanh(ops.exp(x)), [(4, 5)], 40),
    ("relu", ops.relu, [(4, 5)], 20),
    ("moved", lambda x: ops.transpose(ops.reshape(ops.concatenate([x, x]), (5, 8))), [(4, 5)], 0),
    ("einsum", lambda x, y: ops.einsum("bqhd,bkhd->bhqk", x, y), [(2, 5, 3, 4), (2, 7, 3, 4)], 2 * 2 * 5 * 3 * 4 * 7),
    ("einsum of three", lambda *x: ops.einsum("ab,bc,cd->ad", *x), [(2, 3), (3, 4), (4, 5)], 2 * 24 + 2 * 40),
    ("scan", lambda x: ops.scan(lambda c, r: (c * r + r, c), x[0], x)[0], [(7, 5)], 7 * 2 * 5),
    (
        "the dearer branch",
        lambda x: ops.cond(ops.sum(x) > 0.0, lambda: x * x * x, lambda: x + x),
        [(4, 5)],
        19 + 1 + 40,
    ),
]


@pytest.mark.parametrize(("function", "shapes", "want"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_by_hand(function: Callable[..., Any], shapes: list[tuple[int, ...]], want: int) -> None:
    found = counted(function, *shapes)
    assert found.flops == want
    assert found.exact


def test_the_gradient_of_a_dense_layer_is_counted() -> None:
    def gradients(x: Any, w: Any, b: Any, c: Any) -> Any:
        return ops.grad(lambda x, w, b: ops.sum((x @ w + b) * c), argnums=(0, 1, 2))(x, w, b)

    found = counted(gradients, (5, 3), (3, 4), (4,), (5, 4))
    assert found.of_phase("forward") == 2 * 5 * 3 * 4 + 20 + 20 + 19
    # The cotangent 1 times c; one matrix product for each operand, and the bias sums five rows.
    assert found.of_phase("backward") == 20 + 2 * (2 * 5 * 3 * 4) + 4 * 4


def test_a_gradient_that_nobody_wants_is_not_counted() -> None:
    def first_layer(x: Any, w: Any) -> Any:
        return ops.grad(lambda w: ops.sum(x @ w))(w)

    assert counted(first_layer, (5, 3), (3, 4)).of_phase("backward") == 2 * 5 * 3 * 4


def test_what_is_rewritten_counts_once() -> None:
    # An Einstein sum becomes a product when a graph is simplified.
    found = of_gradient(lambda x, w: ops.tanh(ops.einsum("abc,cde->abde", x, w)), (2, 5, 3), (3, 2, 4))
    product = 2 * 2 * 5 * 3 * 2 * 4
    assert found.of_phase("forward") == product + 80 + 79
    # The derivative 1 - y * y times the cotangent, then two products.
    assert found.of_phase("backward") == 3 * 80 + 2 * product


@pytest.mark.parametrize("strides", [1, 2])
def test_the_gradient_of_a_convolution_takes_two_of_them(strides: int) -> None:
    found = of_gradient(lambda x, w: ops.conv(x, w, strides), (2, 7, 7, 3), (3, 3, 3, 8))
    size = 5 if strides == 1 else 3
    assert found.of_phase("backward") == 2 * (2 * (2 * size * size * 8) * 9 * 3)


def test_the_gradient_of_scan_does_not_count_the_steps_again() -> None:
    def last(x: Any, w: Any) -> Any:
        return ops.scan(lambda c, r: (c * w + r, None), x[0], x)[0]

    found = of_gradient(last, (7, 5), (5,))
    assert found.of_phase("forward") == 7 * 2 * 5 + 4
    # In each step two products and the sum for w; at the end the first row gets the first carry's share.
    assert found.of_phase("backward") == 7 * 3 * 5 + 7 * 5


def test_training_an_lstm_takes_about_three_forward_passes() -> None:
    found = of_gradient(lambda *xs: ops.lstm(*xs)[0], (8, 10, 32), (32, 64), (16, 64), (64,))
    assert 1.9 < found.of_phase("backward") / found.of_phase("forward") < 2.2


def test_a_loop_of_unknown_length_is_a_lower_bound() -> None:
    found = counted(lambda x: ops.while_loop(lambda y: ops.sum(y) < 9.0, lambda y: (y * 2.0,), (x,)), (4, 5))
    assert not found.exact
    assert found.flops == 20


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_only_floats_count(dtype: str) -> None:
    assert counted(lambda x: ops.sum(x) + ops.max(x), (4, 5), dtype=dtype).flops == 0


def test_complex_numbers_count_by_their_parts() -> None:
    shape = (4, 5)
    assert counted(lambda x: x + x, shape, dtype="complex64").flops == 2 * 20
    assert counted(lambda x: x * x, shape, dtype="complex64").flops == 6 * 20
    assert counted(lambda x: x @ ops.transpose(x), shape, dtype="complex64").flops == 8 * 4 * 4 * 5


def test_named_sizes_are_given() -> None:
    assert counted(ops.matmul, (BATCH, 3), (3, 4), batch=6).flops == 2 * 6 * 3 * 4
    with pytest.raises(ArgumentError, match="'batch'"):
        flops(trace(ops.exp, Spec((BATCH,), dtypes.float32)).graph)


def test_every_primitive_has_a_rule() -> None:
    primitives = {name for name, op in OPS.items() if not op.composite and op.module.startswith("multiback.")}
    assert primitives - RULES.keys() == {"cond", "scan", "value_and_grad", "while_loop"}


def test_bytes_and_what_lives_at_once() -> None:
    def three(x: Any) -> Any:
        a = ops.exp(x)
        b = ops.reshape(a, (20,))
        return ops.sum(b * 2.0)

    found = counted(three, (4, 5))
    # exp, multiply and sum read 20 numbers each; the reshaped view costs nothing.
    assert [(row.op, row.read, row.written) for row in found.rows] == [
        ("exp", 80, 80), ("reshape", 0, 0), ("multiply", 80, 80), ("sum", 80, 4),
    ]  # fmt: skip
    assert found.peak == 160


def test_a_table_is_read_by_the_row() -> None:
    def rows(table: Any) -> Any:
        return ops.take(table, ops.arange(3), axis=0)

    take = next(row for row in counted(rows, (1000, 8)).rows if row.op == "take")
    assert (take.read, take.written) == (3 * 8 * 4 + 3 * 4, 3 * 8 * 4)
