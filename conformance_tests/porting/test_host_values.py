"""Values that importers know while they build a graph: folding of shapes, and lifting into the graph."""

from __future__ import annotations

import numpy as np
import pytest

from multiback import dtypes, ops
from multiback.backends.registry import get_adapter
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.porting.host_values import all_host, as_size, as_sizes, fold, host, is_host, lift, sizes

BATCH = Dim.named("batch")


def test_a_chain_of_shape_ops_leaves_symbolic_sizes() -> None:
    shape = sizes((BATCH, 3, 8))
    first = fold("gather", shape, np.array([0]))
    flat = fold("prod", fold("slice", shape, [1], [3]))
    target = fold("concat", first, fold("expand_dims", flat, 0), axis=0)
    assert as_sizes(target) == (BATCH, 24)
    assert as_size(fold("multiply", host(BATCH), host(2))) == 2 * BATCH
    assert as_sizes(fold("divide", fold("multiply", shape, host(4)), host(2))) == (2 * BATCH, 6, 16)


def test_plain_numbers_keep_their_dtype() -> None:
    assert fold("add", np.array([1], np.int32), np.array([2], np.int32)).dtype == np.int32
    assert fold("gather", sizes((BATCH, 3)), np.array(1)).dtype == np.int64
    assert fold("gather", sizes((BATCH, 3)), np.array(1), dtype=np.int32).dtype == np.int32
    assert fold("divide", np.array([-7, 7]), np.array([2, 2])).tolist() == [-3, 3]


def test_what_depends_on_the_batch_is_not_folded() -> None:
    assert fold("equal", host(BATCH), host(3)) is None
    assert fold("cast", host(BATCH), to="float32") is None
    assert fold("sin", host(3)) is None
    assert fold("broadcast_to", np.zeros(()), np.array([2**20, 2**20])) is None


def test_equality_that_holds_for_every_batch_is_folded() -> None:
    assert fold("equal", sizes((BATCH, BATCH + 1)), sizes((BATCH, BATCH))).tolist() == [True, False]
    assert fold("equal", host(BATCH), host(-1)).tolist() is False


def test_only_host_values_are_sizes() -> None:
    def program(x):
        assert not is_host(x)
        assert all_host([np.zeros(2), None, BATCH])
        with pytest.raises(ArgumentError, match="depends on data"):
            as_sizes(x)
        return x

    trace(program, Spec((2,), dtypes.int64))
    with pytest.raises(ArgumentError, match="integers along one axis"):
        as_sizes(np.array([1.5]))


def test_sizes_are_lifted_into_the_graph() -> None:
    def program(x):
        return ops.add(lift(sizes(x.shape)), np.array([0, 10], np.int64))

    graph = trace(program, Spec((BATCH, 3), dtypes.int64)).graph
    (found,) = get_adapter("numpy").compile(graph)(np.zeros((5, 3), np.int64))
    assert found.tolist() == [5, 13]
    assert found.dtype == np.int64
