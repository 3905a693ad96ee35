"""Bisection of sound graphs finds nobody; scripts made for many ops run with NumPy and their framework alone."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import numpy as np
import pytest
from alone import run_alone

import multiback as mb
from multiback import layers, ops
from multiback.backends.protocol import Adapter, Options
from multiback.backends.registry import get_adapter
from multiback.dtypes import as_dtype, float32
from multiback.errors import AdapterError
from multiback.graph.dims import evaluate as evaluated
from multiback.graph.ir import Graph, Spec, flat
from multiback.graph.op import OPS
from multiback.graph.trace import trace
from multiback.testing import isolate
from multiback.testing.bisection import bisect, run_natively
from multiback.testing.guilty import Guilty
from multiback.testing.judge import Verdict
from multiback.testing.op_graphs import case_graph, draw
from multiback.testing.rounding import SLACK, spreads
from multiback.testing.values import evaluate, written_out
from multiback.training.steps import Step

ALONE = (
    "softmax", "conv", "max_pool", "average_pool", "gelu", "cumsum", "sort", "matmul", "layer_normalization", "take",
    "batch_norm_train", "adam_update", "logsumexp", "one_hot", "scatter", "sparse_categorical_crossentropy", "lstm",
)  # fmt: skip
"""Ops of all kinds: expressions, functions with helpers, JAX's custom gradients, updates in place, integers."""


NOT_ALONE = {("numpy", "conv")}
"""The reference's convolution is spread over modules of multiback, which a script cannot hold."""
GRADIENTS = ("max_pool", "conv", "layer_normalization", "take", "sparse_categorical_crossentropy")


def guilty_of(adapter: Adapter, name: str, gradient: bool) -> Guilty:
    """What bisect would say if the first output, or gradient, of an op's first case were wrong."""
    op = OPS[name]
    case = next(c for c in op.cases if set(c.dtypes) & {"float32", "int32"})
    dtype = as_dtype("float32" if "float32" in case.dtypes else "int32")
    sizes = {"batch": 4, "time": 3}
    graph, arrays = case_graph(op, case, dtype), draw(op, case, dtype, sizes)
    equation = next(e for e in graph.equations if e.op is op)
    operands = isolate.operands_of(equation)
    values = dict(zip(operands, evaluate(written_out(graph.replace(outputs=tuple(operands))), arrays)))
    replaced = {}
    if name.endswith("_update"):
        state = [x for operand in (equation.inputs[0], *equation.inputs[2:4]) for x in flat(operand)]
        replaced = dict(zip(state, equation.flat_outputs))
    if gradient:
        active = [x for x in operands if x.dtype.is_float]
        isolated = isolate.with_gradient(equation, active, sizes)
        outputs = [y for y in equation.flat_outputs if y.dtype.is_float]
        cotangents = [np.ones([evaluated(n, sizes) for n in y.shape], y.dtype.numpy) for y in outputs]
    else:
        isolated, cotangents = isolate.alone(equation, {}, sizes, replaced), []
    given = [*(values[x] for x in isolated.operands), *isolate.carried(isolated, sizes), *cotangents]
    want = evaluate(written_out(isolated.graph), given, wide=True)
    output = len(equation.flat_outputs) if gradient else 0
    return Guilty(
        equation, "output", output, Verdict(False, np.inf, ""), (), (), tuple(given), tuple(want), isolated.graph,
        adapter, Options(),
    )  # fmt: skip


def test_scripts_of_many_ops_run_alone(adapter: Adapter, tmp_path: pathlib.Path) -> None:
    chosen = [(name, False) for name in ALONE if (adapter.name, name) not in NOT_ALONE] + [
        (name, True) for name in GRADIENTS if adapter.autodiff
    ]
    scripts, allowed = [], []
    for name, gradient in chosen:
        guilty = guilty_of(adapter, name, gradient)
        path = tmp_path / f"{name}{'_gradient' if gradient else ''}.py"
        guilty.save(path.with_suffix(".npz"))
        text = guilty.reproducer(path.with_suffix(".npz"))
        assert not re.search(r"^\s*(import|from) multiback", text, re.MULTILINE), text
        path.write_text(text)
        scripts.append(str(path))
        spread = spreads(guilty.graph, guilty.inputs)[guilty.output]
        allowed.append(SLACK * max(float(spread.radius.max()), 2.0**-24 * float(np.abs(spread.want).max())))
    lines = run_alone(scripts)
    assert len(lines) == len(chosen)
    for line, bound, what in zip(lines, allowed, chosen):
        assert float(line.split()[4]) <= bound, f"{what}: {line}"


def test_what_cannot_stand_alone_says_so() -> None:
    for backend, name in NOT_ALONE:
        with pytest.raises(AdapterError, match="cannot be written into a script of its own"):
            guilty_of(get_adapter(backend), name, False).reproducer()


def attention() -> mb.Model:
    x = inputs = layers.Input((4, 6))
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
    x = layers.LayerNormalization()(x)
    x = layers.Dropout(0.2)(layers.Dense(6, "relu")(x))
    model = mb.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    model.compile("rmsprop", mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def step_of(model: mb.Model, shape: tuple[int, ...]) -> tuple[Graph, list[np.ndarray], list[np.ndarray]]:
    """The traced training step of a model, its state, and a batch."""
    random = np.random.default_rng(0)
    batch = model._batch(random.normal(size=(3, *shape)).astype("float32"), random.integers(0, 3, 3))
    model._ensure_built_on(batch)
    step = Step(model.train_step, "train_step", get_adapter("numpy"), Options(), False)
    traced = step.program(batch).trace
    return traced.graph, [v.numpy() for v in traced.variables], [batch.x, batch.y]


def test_nobody_is_guilty_in_a_sound_step(adapter: Adapter) -> None:
    graph, state, batch = step_of(attention(), (4, 6))
    assert bisect(graph, adapter, batch, state=state) is None


def test_the_part_of_a_composite_is_named() -> None:
    """On a backend that runs a composite by its body, the guilty primitive inside is what is named."""
    adapter = get_adapter("numpy")
    graph = trace(lambda x: ops.log_sigmoid(ops.multiply(x, 2.0)), Spec((3,), float32)).graph
    x = np.array([-1.0, 0.5, 2.0], np.float32)
    assert bisect(graph, adapter, [x]) is None
    before = OPS["exp"].numpy
    try:
        OPS["exp"].numpy = Wrong(before)
        guilty = bisect(graph, adapter, [x])
    finally:
        OPS["exp"].numpy = before
    assert guilty is not None
    assert (guilty.op, guilty.within[0], guilty.role) == ("exp", "log_sigmoid", "output")
    assert np.all(guilty.inputs[0] <= 0)


def test_the_part_of_a_loop_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = get_adapter("numpy")
    layer = layers.LSTM(3, name="lstm")
    layer.build((2, 4, 2))
    traced = trace(layer, Spec((2, 4, 2), float32))
    x = np.random.default_rng(0).normal(size=(2, 4, 2)).astype(np.float32)
    state = [v.numpy() for v in traced.variables]
    assert bisect(traced.graph, adapter, [x], state=state) is None
    monkeypatch.setattr(OPS["tanh"], "numpy", Wrong(OPS["tanh"].numpy))
    guilty = bisect(traced.graph, adapter, [x], state=state)
    assert guilty is not None
    assert guilty.op == "tanh"
    assert guilty.within == ("lstm", "scan")
    assert guilty.layer == "lstm"


class Wrong:
    """A meaning that is wrong in float32 only, so that the float64 reference keeps the right one."""

    def __init__(self, right: Any) -> None:
        self.right = right

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.right(x) * (1.001 if x.dtype == np.float32 else 1.0)


def test_a_wrong_gradient_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = get_adapter("numpy")
    both = ops.value_and_grad(lambda w, x: ops.sum(ops.tanh(ops.matmul(x, w))))
    graph = trace(both, Spec((3, 2), float32), Spec((4, 3), float32)).graph
    random = np.random.default_rng(0)
    arrays = [random.normal(size=s).astype(np.float32) for s in ((3, 2), (4, 3))]
    assert bisect(graph, adapter, arrays) is None
    monkeypatch.setattr(OPS["subtract"], "numpy", WrongDifference(OPS["subtract"].numpy))
    guilty = bisect(graph, adapter, arrays)
    assert guilty is not None
    assert (guilty.op, guilty.role) == ("tanh", "gradient for x")


class WrongDifference(Wrong):
    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:  # type: ignore[override]
        return self.right(x, y) * (1.001 if np.result_type(x, y) == np.float32 else 1.0)


def test_updates_of_many_arrays_are_narrowed_to_one() -> None:
    specs = [Spec((2,), float32), Spec((3,), float32)]
    graph = trace(lambda p, g: ops.sgd_update(p, g, 0.1), specs, specs).graph
    equation = graph.equations[-1]
    part = isolate.narrowed(equation, 1)
    assert part is not None
    assert part.flat_outputs == [equation.flat_outputs[1]]
    assert isolate.narrowed(part, 0) is None


def test_native_results_keep_the_order_of_state_and_results(adapter: Adapter) -> None:
    graph = trace(lambda p, g: ops.sgd_update(p, g, 0.5), [Spec((2,), float32)] * 2, [Spec((2,), float32)] * 2).graph
    graph = graph.replace(state=2, outputs=graph.outputs[::-1], updates=(1, 0))
    arrays = [np.full(2, float(i), np.float32) for i in range(4)]
    executable = adapter.compile(graph)
    assert [x.tolist() for x in run_natively(executable, arrays)] == [[-0.5, -0.5], [-1.0, -1.0]]
