"""From the graphs of both forms to a tree of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim
from multiback.graph.ir import Graph, Spec
from multiback.graph.trace import scope, trace
from multiback.porting.outline import Block, merge, outline
from multiback.porting.outline.blocks import View
from multiback.porting.outline.flattening import flatten
from multiback.porting.outline.layout import channels_second
from multiback.porting.outline.ordering import ordered
from multiback.porting.outline.placing import Places

X = Spec((Dim.named("batch"), 4), dtypes.float32)


def graph_of(function: Any, *specs: Spec) -> Graph:
    return trace(function, *(specs or (X,)), name="traced").graph


def tree_of(function: Any, *specs: Spec) -> Block:
    program = merge({False: graph_of(function, *specs)})
    places = Places(program.state, {s.scope for s in program.statements}, False)
    return outline(program, places)


def test_scopes_become_blocks() -> None:
    def model(x: Any) -> Any:
        with scope("encoder"):
            with scope("first"):
                x = ops.exp(x)
            with scope("second"):
                x = ops.sin(x)
        return ops.cos(x)

    root = tree_of(model)
    assert [s.block.name if s.block else s.equation.op.name for s in root.statements] == ["encoder", "cos"]  # type: ignore[union-attr]
    encoder = root.children["encoder"]
    assert isinstance(encoder, Block)
    assert list(encoder.children) == ["first", "second"]
    assert len(encoder.inputs) == len(encoder.outputs) == 1


def test_a_scope_entered_twice_is_one_block_called_twice() -> None:
    def shared(x: Any) -> Any:
        with scope("shared"):
            return ops.exp(ops.sin(x))

    root = tree_of(lambda x: shared(ops.cos(shared(x))))
    calls = [s for s in root.statements if s.block is not None]
    assert len(calls) == 2 and calls[0].block is calls[1].block


def test_a_scope_in_parts_is_drawn_together_or_dissolved() -> None:
    def apart(x: Any) -> Any:
        with scope("block"):
            y = ops.exp(x)
        z = ops.cos(x)
        with scope("block"):
            y = ops.sin(y)
        return y + z

    root = tree_of(apart)
    assert sum(s.block is not None for s in root.statements) == 1

    def through(x: Any) -> Any:
        with scope("block"):
            y = ops.exp(x)
        z = ops.cos(y)
        with scope("block"):
            return ops.sin(z) * y

    root = tree_of(through)
    assert [s.equation.op.name for s in root.statements if s.equation] == ["exp", "cos", "sin", "multiply"]


def test_items_of_a_list_are_called_by_the_block_that_has_it() -> None:
    def model(x: Any) -> Any:
        for i in range(3):
            with scope(f"layers/{i}"):
                x = ops.exp(ops.sin(x))
        return x

    root = tree_of(model)
    assert [s.block.path for s in root.statements if s.block] == [("layers", str(i)) for i in range(3)]
    container = root.children["layers"]
    assert isinstance(container, Block) and list(container.children) == ["0", "1", "2"]


def test_forms_share_what_is_alike() -> None:
    def form(training: bool) -> Any:
        def model(x: Any) -> Any:
            y = ops.exp(x)
            if training:
                y = ops.multiply(y, 2.0)
            return ops.sin(y)

        return model

    program = merge({True: graph_of(form(True)), False: graph_of(form(False))})
    ops_of = [(s.equation.op.name, s.form) for s in program.statements if s.equation]
    assert ops_of == [("exp", None), ("multiply", True), ("sin", None)]
    (choice,) = [s for s in program.statements if s.equation is None]
    assert choice.inputs == (program.statements[1].outputs, program.statements[0].outputs)


def test_equal_forms_need_no_choice() -> None:
    def model(x: Any) -> Any:
        return ops.softmax(ops.exp(x) * 3.0)

    program = merge({True: graph_of(model), False: graph_of(model)})
    assert all(s.form is None and s.equation is not None for s in program.statements)


def test_small_blocks_are_part_of_the_block_around_them() -> None:
    def model(x: Any) -> Any:
        with scope("activation"):
            x = ops.exp(x)
        with scope("large"):
            for _ in range(7):
                x = ops.sin(x)
        return x

    program = merge({False: graph_of(model)})
    flatten(program.statements, frozenset())
    assert {s.scope for s in program.statements} == {(), ("large",)}


def test_images_move_only_at_the_edges() -> None:
    rng = np.random.default_rng(0)
    kernel = ops.constants if False else rng.normal(size=(3, 3, 4, 4)).astype(np.float32)

    def model(x: Any) -> Any:
        y = ops.conv(x, kernel, padding="same")
        y = ops.relu(y) + x
        y = ops.concatenate([ops.conv(y, kernel, padding="same"), y], axis=-1)
        y = ops.max_pool(y, (2, 2))
        return ops.mean(y, axis=(1, 2))

    graph = graph_of(model, Spec((Dim.named("batch"), 6, 6, 4), dtypes.float32))
    moved = channels_second(graph)
    assert sum(e.op.name == "transpose" for e in moved.equations) == 1
    assert all(e.attributes["data_format"] == "channels_first" for e in moved.equations if e.op.name == "conv")
    from multiback.backends.protocol import Options
    from multiback.backends.registry import get_adapter

    x = rng.normal(size=(2, 6, 6, 4)).astype(np.float32)
    numpy = get_adapter("numpy")
    before, after = (numpy.compile(g, Options()).run((), [x])[1][0] for g in (graph, moved))
    assert np.allclose(before, after, rtol=1e-6, atol=1e-6)


def test_moves_of_weights_cancel() -> None:
    value = graph_of(ops.exp).inputs[0]
    view = View(value).then("transpose", (2, 3, 1, 0)).then("transpose", (3, 2, 0, 1))
    assert view.moves == ()
    array = np.arange(24).reshape(2, 3, 4)
    value = graph_of(ops.exp, Spec((2, 3, 4), dtypes.float32)).inputs[0]
    view = View(value).then("reshape", (6, 4)).then("transpose", (1, 0))
    assert np.array_equal(view.of(array), array.reshape(6, 4).T)
    assert np.array_equal(view.undone(view.of(array)), array)


def test_weights_stand_where_their_names_say() -> None:
    values = list(graph_of(lambda x, y, z: x + y + z, X, X, X).inputs)
    names = dict(zip(("params/Dense_0/kernel", "params/Dense_0/bias", "params/scale"), values))
    places = Places(names, {("Dense_0",)}, True)
    assert [places.paths[v] for v in values] == [("Dense_0", "kernel"), ("Dense_0", "bias"), ("scale",)]


def test_order_keeps_the_old_state_until_it_is_read() -> None:
    program = merge({False: graph_of(lambda x: ops.exp(x) + ops.sin(x))})
    items = [[s] for s in program.statements]
    assert ordered(items) == items
    assert [i[0].equation.op.name for i in ordered(items[::-1]) or []] == ["sin", "exp", "add"]  # type: ignore[union-attr]
