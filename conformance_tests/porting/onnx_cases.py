"""Conformance cases of layers and ops as programs for the ONNX exporter, and their results where ONNX runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

from multiback import dtypes
from multiback.graph.op import Op
from multiback.ops._cases import Case
from multiback.testing.cases.layers import LayerCase
from multiback.testing.judge import Verdict, judge
from multiback.testing.layer_graphs import forward
from multiback.testing.named_graphs import NamedGraph
from multiback.testing.op_graphs import SIZES, case_graph, draw, is_symbolic, reference, scale_of, wide
from multiback_onnx.exporter.build import Program, build
from multiback_onnx.exporter.files import check

onnxruntime.set_default_logger_severity(4)
_LACKING = ("NOT_IMPLEMENTED", "converted to MLDataType", "does not support double", "MLFloat16 data type", "bfloat16")


def layer_program(case: LayerCase, policy: str) -> tuple[NamedGraph, Program]:
    """A layer with its weights as initializers; new state is not exported."""
    named = forward(case, policy)
    held = [name for name in named.inputs if not name.startswith(("input ", "mask "))]
    for value, name in zip(named.graph.inputs, named.inputs):
        value.name = name
    outputs = [name.replace(" ", "_") for name in named.outputs]
    graph = named.graph.replace(state=len(held))
    return named, Program(case.name, graph, {name: named.inputs[name] for name in held}, outputs, {})


def exported(program: Program, opset: int) -> ModelProto:
    """The model, which ONNX's checker accepts with all its shapes."""
    model = build(program, opset)
    check(model)
    return model


def run(model: ModelProto, feeds: dict[str, np.ndarray], plain: bool = False) -> list[Any]:
    """The outputs by onnxruntime; by ONNX's evaluator where the runtime has no kernel for a dtype.

    Arguments:
        model: The model.
        feeds: Its inputs.
        plain: Whether the runtime leaves out its fusions, which keep numbers of float64 models in float32.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if plain:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        return session.run(None, feeds)
    except Exception as error:
        if not any(word in str(error) for word in _LACKING):
            raise
        return ReferenceEvaluator(model).run(None, feeds)


def op_program(op: Op, case: Case, dtype: str) -> Program:
    """An op as a model of its own."""
    graph = case_graph(op, case, dtype)
    for i, value in enumerate(graph.inputs):
        value.name = f"in{i}"
    return Program(op.name, graph, {}, [f"out{i}" for i in range(len(graph.outputs))], {})


def op_verdicts(op: Op, case: Case, dtype: str, program: Program, model: ModelProto) -> list[Verdict]:
    """Every result of an op's case, against the float64 reference with the bound of the case."""
    found = []
    for sizes in SIZES if is_symbolic(case) else SIZES[:1]:
        arrays = [np.asarray(a) for a in draw(op, case, dtypes.as_dtype(dtype), sizes)]
        got = run(model, {f"in{i}": a for i, a in enumerate(arrays)}, plain=dtype == "float64")
        want = reference(program.graph)(*map(wide, arrays))
        scale = scale_of(case, arrays)
        scales = scale if isinstance(scale, tuple) else (scale,) * len(got)
        found += [
            judge(np.asarray(a), np.asarray(b), value.dtype, c=case.bound.c, scale=s)
            for value, a, b, s in zip(program.graph.outputs, got, want, scales)
        ]
    return found
