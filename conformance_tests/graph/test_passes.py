"""What the passes rewrite, and what they must leave alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multiback import dtypes, ops
from multiback.graph import passes
from multiback.graph.check import check
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, Spec
from multiback.graph.trace import trace

BATCH = Dim.named("batch")


def graph_of(function: Callable[..., Any], *shapes: Any, dtype: Any = dtypes.float32) -> Graph:
    return trace(function, *(Spec(tuple(s), dtype) for s in shapes)).graph


def names(graph: Graph) -> Counter[str]:
    return Counter(e.op.name for e in check(graph).walk())


def left(function: Callable[..., Any], *shapes: Any, dtype: Any = dtypes.float32) -> Counter[str]:
    return names(passes.optimize(graph_of(function, *shapes, dtype=dtype)))


def keep_linear(equation: Equation) -> bool:
    return equation.op.name in ("linear", "relu", "batch_normalization")


def lowered(function: Callable[..., Any], *shapes: Any, batch: int = 32, off: Any = ()) -> Counter[str]:
    graph = passes.optimize(graph_of(function, *shapes))
    return names(passes.lower(graph, keep_linear, sizes={"batch": batch}, off=off))


class TestIdentities:
    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x * 1.0,
            lambda x: 1.0 * x,
            lambda x: x / 1.0,
            lambda x: x - 0.0,
            lambda x: x + -0.0,
            lambda x: x**1.0,
            lambda x: ops.negative(-x),
            lambda x: ops.maximum(x, x),
            lambda x: ops.cast(x, "float32"),
            lambda x: ops.cast(ops.cast(x, "float64"), "float32"),
            lambda x: x * ops.broadcast_to(1.0, x.shape),
        ],
    )
    def test_what_changes_nothing_vanishes(self, function: Callable[..., Any]) -> None:
        assert not left(function, (BATCH, 3))

    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x + 0.0,
            lambda x: x - -0.0,
            lambda x: 0.0 - x,
            lambda x: x * 0.0,
            lambda x: 1.0 / x,
            lambda x: ops.cast(ops.cast(x, "float16"), "float32"),
            lambda x: ops.cast(ops.cast(x, "int32"), "float32"),
        ],
    )
    def test_what_changes_a_zero_a_nan_or_a_digit_stays(self, function: Callable[..., Any]) -> None:
        assert left(function, (BATCH, 3))

    def test_integers_have_one_zero(self) -> None:
        assert not left(lambda x: x + 0, (3,), dtype=dtypes.int32)

    def test_a_number_that_widens_the_shape_stays(self) -> None:
        assert left(lambda x: x * np.ones((2, 1), "float32"), (3,))

    @pytest.mark.parametrize(
        ("wide", "narrow", "holds"),
        [
            ("float32", "float16", True),
            ("float32", "bfloat16", True),
            ("bfloat16", "float16", False),
            ("float16", "bfloat16", False),
            ("float32", "int16", True),
            ("float32", "int32", False),
            ("float64", "int32", True),
            ("float64", "int64", False),
            ("int64", "uint32", True),
            ("uint64", "int8", False),
            ("int32", "uint32", False),
            ("float16", "bool", True),
            ("bool", "int8", False),
        ],
    )
    def test_which_dtypes_hold_all_numbers_of_another(self, wide: str, narrow: str, holds: bool) -> None:
        assert passes.identities.holds(dtypes.as_dtype(wide), dtypes.as_dtype(narrow)) is holds


class TestMovement:
    def test_moves_that_undo_each_other_vanish(self) -> None:
        assert not left(lambda x: ops.transpose(ops.transpose(x, (0, 3, 1, 2)), (0, 2, 3, 1)), (BATCH, 4, 5, 3))

    def test_moves_that_do_not_become_one(self) -> None:
        function = lambda x: ops.transpose(ops.transpose(x, (0, 3, 1, 2)), (0, 3, 1, 2))  # noqa: E731
        assert left(function, (BATCH, 4, 5, 3)) == {"transpose": 1}

    def test_a_function_between_moves(self) -> None:
        def function(x: Any, y: Any) -> Any:
            a, b = (ops.transpose(v, (0, 2, 1)) for v in (x, y))
            return ops.transpose(ops.where(a > 0.0, a * 2.0, b), (0, 2, 1))

        assert "transpose" not in left(lambda x: ops.transpose(ops.exp(ops.transpose(x, (1, 0))), (1, 0)), (2, 3))
        assert left(function, (BATCH, 4, 5), (BATCH, 4, 5))["transpose"]

    def test_a_function_that_is_read_twice_stays(self) -> None:
        def function(x: Any) -> Any:
            y = ops.exp(ops.transpose(x, (1, 0)))
            return y, ops.transpose(y, (1, 0))

        assert left(function, (2, 3)) == {"transpose": 2, "exp": 1}

    def test_shapes_meet(self) -> None:
        assert left(lambda x: ops.reshape(ops.expand_dims(ops.squeeze(x, 1), 0), (-1,)), (BATCH, 1, 3)) == {
            "reshape": 1
        }
        assert not left(lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), (BATCH, 3))


class TestBranches:
    def test_a_known_predicate(self) -> None:
        assert left(lambda x: ops.cond(False, ops.sin, ops.cos, x), (3,)) == {"cos": 1}

    def test_both_results_of_a_mask_of_one_kind(self) -> None:
        assert left(lambda x: ops.where(np.array([True, True]), ops.sin(x), ops.cos(x)), (2,)) == {"sin": 1}
        assert left(lambda x: ops.where(np.array([True, False]), ops.sin(x), ops.cos(x)), (2,))["where"] == 1


class TestDeadCode:
    def test_steps_do_not_make_what_nobody_reads(self) -> None:
        def function(x: Any) -> Any:
            (last, _), _ = ops.scan(lambda c, r: ((c[0] + r, ops.exp(c[1])), ops.sin(r)), (x[0], x[1]), x)
            return last

        found = left(function, (5, 3))
        assert found["scan"] == 1 and not found["exp"] and not found["sin"]

    def test_a_carry_that_another_needs_stays(self) -> None:
        def function(x: Any) -> Any:
            (last, _), _ = ops.scan(lambda c, r: ((c[0] + c[1], ops.exp(c[1])), None), (x[0], x[1]), x)
            return last

        assert left(function, (5, 3))["exp"] == 1

    def test_a_loop_keeps_what_its_condition_reads(self) -> None:
        def function(x: Any) -> Any:
            step = lambda n, a, b: (n + 1, a * 2.0, ops.exp(b))  # noqa: E731
            return ops.while_loop(lambda n, a, b: n < 3, step, (0, x, x))[1]

        found = left(function, (3,))
        assert found["less"] == 1 and not found["exp"]

    def test_gradients_that_nobody_reads_are_not_taken(self) -> None:
        graph = passes.optimize(
            graph_of(lambda x, w: ops.grad(lambda x, w: ops.sum(x * w), argnums=(0, 1))(x, w)[1], (3,), (3,))
        )
        (wrt, captures) = next(e for e in graph.equations if e.op.name == "value_and_grad").inputs
        assert len(wrt) == 1 and len(captures) == 1


class TestLoops:
    def test_what_no_step_changes_is_computed_before(self) -> None:
        graph = passes.optimize(
            graph_of(lambda x, w: ops.scan(lambda c, r: (c + r * ops.exp(w), None), x[0], x)[0], (5, 3), (3,))
        )
        scan = next(e for e in graph.equations if e.op.name == "scan")
        assert "exp" not in names(scan.attributes["body"]) and names(graph)["exp"] == 1

    def test_what_a_condition_does_not_change_either(self) -> None:
        def function(x: Any) -> Any:
            return ops.while_loop(lambda n: n < ops.sum(ops.exp(x)), lambda n: (n + ops.sum(ops.exp(x)),), (0.0,))

        graph = passes.optimize(graph_of(function, (3,)))
        assert names(graph)["exp"] == 1
        assert any(e.op.name == "exp" for e in graph.equations)


class TestContractions:
    @pytest.mark.parametrize(
        ("subscripts", "shapes", "found"),
        [
            ("abc,cde->abde", ((BATCH, 2, 3), (3, 4, 5)), {"matmul": 1, "reshape": 2}),
            ("abcd,cde->abe", ((BATCH, 2, 3, 4), (3, 4, 5)), {"matmul": 1, "reshape": 2}),
            ("ab,bc->ac", ((BATCH, 2), (2, 3)), {"matmul": 1}),
            ("ab,bc->ca", ((BATCH, 2), (2, 3)), {"einsum": 1}),
            ("abc,cab->", ((BATCH, 2, 3), (3, BATCH, 2)), {"einsum": 1}),
            ("bqhd,bkhd->bhqk", ((BATCH, 2, 3, 4), (BATCH, 5, 3, 4)), {"einsum": 1}),
        ],
    )
    def test_sums_that_are_one_product(self, subscripts: str, shapes: Any, found: dict[str, int]) -> None:
        assert left(lambda x, k: ops.einsum(subscripts, x, k), *shapes) == found


class TestLinear:
    def test_bias_and_activation_join_the_product(self) -> None:
        assert lowered(lambda x, k, b: ops.relu(x @ k + b), (BATCH, 4), (4, 3), (3,)) == {"linear": 1}
        assert lowered(lambda x, k, b: b + x @ k, (BATCH, 2, 4), (4, 3), (3,)) == {"linear": 1}

    def test_not_where_something_else_reads_what_lies_between(self) -> None:
        def function(x: Any, k: Any, b: Any) -> Any:
            y = x @ k + b
            return y, ops.relu(y)

        assert lowered(function, (BATCH, 4), (4, 3), (3,)) == {"linear": 1, "relu": 1}

    @pytest.mark.parametrize(
        "shapes", [((BATCH, 4), (4, 3), (1, 3)), ((4,), (4, 3), (3,)), ((2, 4, 4), (2, 4, 3), (3,))]
    )
    def test_not_for_other_shapes(self, shapes: Any) -> None:
        assert "linear" not in lowered(lambda x, k, b: x @ k + b, *shapes)

    def test_inside_gradients(self) -> None:
        def function(x: Any, k: Any, b: Any) -> Any:
            return ops.grad(lambda k: ops.sum(ops.relu(x @ k + b)))(k)

        assert lowered(function, (BATCH, 4), (4, 3), (3,))["linear"] == 1

    def test_not_where_it_is_off(self) -> None:
        assert "linear" not in lowered(lambda x, k, b: x @ k + b, (BATCH, 4), (4, 3), (3,), off={"linear"})


class TestBatchNorm:
    SHAPES = ((BATCH, 8, 8, 3), (3, 3, 3, 4), (4,), (4,), (4,))

    @staticmethod
    def model(x: Any, kernel: Any, mean: Any, variance: Any, offset: Any) -> Any:
        return ops.batch_normalization(ops.conv(x, kernel, padding="same"), mean, variance, -1, offset=offset)

    def test_goes_into_the_weights(self) -> None:
        found = lowered(self.model, *self.SHAPES)
        assert found["conv"] == 1 and not found["batch_normalization"]

    def test_not_where_weights_are_not_much_less(self) -> None:
        # 8 * 8 * 4 activations a sample against 108 weights and 4 statistics of 4 numbers.
        assert lowered(self.model, *self.SHAPES, batch=1)["batch_normalization"] == 1
        assert not lowered(self.model, *self.SHAPES, batch=2)["batch_normalization"]

    def test_not_where_the_size_is_not_known(self) -> None:
        graph = passes.optimize(graph_of(self.model, *self.SHAPES))
        assert names(passes.lower(graph, keep_linear))["batch_normalization"] == 1

    def test_not_inside_gradients(self) -> None:
        def function(*xs: Any) -> Any:
            return ops.grad(lambda kernel: ops.sum(self.model(xs[0], kernel, *xs[2:])))(xs[1])

        assert lowered(function, *self.SHAPES)["batch_normalization"] == 1

    def test_not_along_another_axis(self) -> None:
        def function(x: Any, kernel: Any, mean: Any, variance: Any, offset: Any) -> Any:
            return ops.batch_normalization(ops.conv(x, kernel, padding="same"), mean, variance, 1, offset=offset)

        assert lowered(function, (BATCH, 4, 8, 3), *self.SHAPES[1:])["batch_normalization"] == 1


def test_all_passes_have_names_that_leave_them_out() -> None:
    def function(x: Any) -> Any:
        return ops.reshape(ops.reshape(ops.sin(x) * 1.0 + ops.sin(x), (-1,)), x.shape)

    graph = graph_of(function, (BATCH, 3))
    assert names(passes.optimize(graph, off=passes.PASSES)) == names(graph)
    assert names(passes.optimize(graph)) == {"sin": 1, "add": 1}
