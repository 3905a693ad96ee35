"""Brings ONNX models in: `load` reads a file and hands its program to the hub, written in `multiback.ops`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from multiback.errors import ArgumentError
from multiback.porting.imported import Imported, Weight


def load(
    source: Any,
    example_inputs: Any = None,
    *,
    name: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    dynamic_batch: bool = True,
    trainable: Callable[[str, np.ndarray], bool] | None = None,
    **options: Any,
) -> Imported:
    """An ONNX model, opset 7 and up.

    Arguments:
        source: A path, bytes or an `onnx.ModelProto`. External data is read only from inside the folder of the path.
        example_inputs: Arrays in the order of the inputs, or by name: they say the sizes that the model does not.
        name: Of the model; by default the file's or the graph's.
        inputs: By input name a shape (None for the batch, a string for another size that is not known yet), or an
            array: the fixed value of an input that must be known while the graph is built, such as the shape given to
            Reshape. Such inputs are no arguments of the model.
        dynamic_batch: Whether a first size that the model leaves open is the batch.
        trainable: `trainable(name, array)` says which float initializers training updates; by default all but running
            statistics, single numbers without axes, and operands that are fixed numbers by their meaning.

    Returns:
        The `Imported` model. Arguments are the model's inputs in order, the result its output, or a tuple of outputs.

    Raises:
        SavingError: for a file that is damaged or unsafe.
        UnsupportedModel: with all ops and element types that cannot be imported.
        ArgumentError: for a shape that must be given, or does not fit.
    """
    if options:
        raise ArgumentError(f"from_onnx() has no argument {', '.join(map(repr, sorted(options)))}.")
    # The tables of handlers are filled, and onnx is imported, only when a model is read.
    from multiback_onnx.importer import files, handlers, model  # noqa: F401
    from multiback_onnx.importer.native import OnnxNative
    from multiback_onnx.importer.program import OnnxProgram

    proto, folder = files.read_model(source)
    title = name or model.folder_name(folder, source, proto.graph)
    opsets = model.opsets_of(proto, title)
    model.check_ops(proto, opsets, title)
    ours = not hasattr(source, "SerializeToString")
    original = proto if not ours else None
    arrays = {t.name: files.array_of(t, folder, release=ours) for t in proto.graph.initializer}
    if ours:
        # A copy without the weights lets go of the memory in which they were read.
        proto.graph.ClearField("initializer")
        lean = type(proto)()
        lean.CopyFrom(proto)
        proto = lean
    roles = model.roles_of(proto.graph, arrays, opsets, trainable)
    notes: list[str] = []
    shapes = model.example_shapes(proto.graph, example_inputs, arrays)
    arguments = model.inputs_of(proto.graph, inputs, dynamic_batch, arrays, shapes, notes)
    weights = [Weight(n, arrays[n], True) for n in roles.trainable]
    weights += [Weight(n, arrays[n], False) for n in roles.statistics]
    program = OnnxProgram(proto, folder, opsets, {n: arrays[n] for n in roles.constants}, arguments, notes)
    given = {n: value for n, value in arguments.items() if isinstance(value, np.ndarray)}
    return Imported(
        name=title,
        framework="onnx",
        weights=weights,
        args=tuple(value for value in arguments.values() if not isinstance(value, np.ndarray)),
        kwargs={},
        program=program,
        forms=(False, True) if program.has_training_form() else (False,),
        native=OnnxNative(source if ours else original, given, weights),
        notes=notes,
    )
