"""`from_torch`, `from_jax`, `from_keras`, `from_tensorflow`, `from_onnx`: models from other frameworks, verified."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback.backends import registry
from multiback.errors import ArgumentError, PortError
from multiback.graph.dims import evaluate, names
from multiback.graph.host import as_host_array
from multiback.graph.ir import Spec
from multiback.models.inputs import call_specs
from multiback.porting import structure
from multiback.porting.assembly import assemble
from multiback.porting.imported import Imported
from multiback.porting.porter import get_porter
from multiback.porting.report import PortReport
from multiback.porting.verify import default_backends, verify

Verify = bool | str | Sequence[str]


def from_torch(
    module: Any,
    example_inputs: Any = None,
    *,
    dynamic_batch: bool = True,
    train: bool = False,
    verify: Verify = True,
    name: str | None = None,
) -> Any:
    """A multiback model that computes what a PyTorch module does, with its weights under their original names.

    The module is exported by `torch.export`; its Python runs once, and it stays as it is. Dropout and batch
    normalization become switches that follow `training`. Weights are shared with the module until either changes.

    Arguments:
        module: A `torch.nn.Module`, a `torch.export.ExportedProgram`, or the name of a `.pt2` file.
        example_inputs: What the module is called on: a tensor, a tuple of positional arguments, a dict of keyword
            arguments, or a pair `(tuple, dict)`.
        dynamic_batch: Whether the first axis of every input is a batch of any size.
        train: Whether to export the module in training mode too, for modules whose Python asks `self.training`.
        verify: Whether to compare the model with the module; backends to compare on; "report" does not raise.
        name: Of the model; default: the module's class.

    Returns:
        A `Model`; `model.port_report` says what was compared.

    Raises:
        UnsupportedModel: if the module uses ops that cannot be imported, all named at once, or decides by data.
        ArgumentError: for inputs that the module does not take.
        PortError: if the model does not compute what the module does.

    Source: PyTorch 2 export, the ATen operators.

    Example:
        >>> model = multiback.from_torch(module, torch.randn(2, 3, 32, 32))
        >>> model.compile("sgd", "mse", backend="jax")
    """
    options = {"dynamic_batch": dynamic_batch, "train": train}
    return bring_in("torch", module, example_inputs, verify=verify, name=name, **options)


def from_jax(
    fn: Any,
    params: Any = None,
    example_inputs: Any = None,
    *,
    dynamic_batch: bool = True,
    verify: Verify = True,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A multiback model that computes what a JAX function or module does; weights are named by their path.

    The forward jaxpr is imported; `scan`, `while_loop` and `cond` stay loops and branches.

    Arguments:
        fn: `fn(params, *inputs)`, or a module of Flax (linen or nnx), Equinox or Haiku.
        params: Its weights, a tree of arrays; None where the module holds them.
        example_inputs: An array, a tuple of positional arguments, a dict of keyword arguments, or a pair of both.
        dynamic_batch: Whether the first axis of every input is a batch of any size.
        verify: Whether to compare the model with the function; backends to compare on; "report" does not raise.
        name: Of the model.
        options: Of the importer, see the guide.

    Returns:
        A `Model`; `model.port_report` says what was compared.

    Raises:
        UnsupportedModel: if the function uses primitives that cannot be imported, or decides by data.
        PortError: if the model does not compute what the function does.

    Example:
        >>> model = multiback.from_jax(module, module.init(key, x), x)
    """
    options = {"params": params, "dynamic_batch": dynamic_batch, **options}
    return bring_in("jax", fn, example_inputs, verify=verify, name=name, **options)


def from_tensorflow(
    obj: Any,
    example_inputs: Any = None,
    *,
    dynamic_batch: bool = True,
    signature: str | None = None,
    verify: Verify = True,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A multiback model that computes what a TensorFlow module, function or SavedModel does.

    Arguments:
        obj: A `tf.Module`, a `tf.function`, a concrete function, or the folder of a SavedModel.
        example_inputs: As for `from_torch`; may be left out where the object has a signature.
        dynamic_batch: Whether the first axis of every input is a batch of any size.
        signature: Which signature of a SavedModel; default: its `serving_default`.
        verify: Whether to compare the model with the object; backends to compare on; "report" does not raise.
        name: Of the model.
        options: Of the importer, see the guide.

    Returns:
        A `Model`; `model.port_report` says what was compared.

    Raises:
        UnsupportedModel: if the graph uses ops that cannot be imported, all named at once.
        PortError: if the model does not compute what the object does.

    Example:
        >>> model = multiback.from_tensorflow("exported/")
    """
    options = {"dynamic_batch": dynamic_batch, "signature": signature, **options}
    return bring_in("tensorflow", obj, example_inputs, verify=verify, name=name, **options)


def from_keras(model_or_file: Any, example_inputs: Any = None, *, verify: Verify = True, **options: Any) -> Any:
    """A multiback model with the layers, names, weights, compile state and optimizer state of a Keras 3 model.

    A live model with layers of a person's own becomes the graph that it computes in inference on Keras's backend, with
    its variables as weights, and the report says so; give `custom_objects` to keep the layers.

    Arguments:
        model_or_file: A Keras model, on whichever backend it lives, or the name of a `.keras` file.
        example_inputs: For a live model of a person's own classes that does not say what it is called on.
        verify: Whether to compare both, for a live model; backends to compare on; "report" does not raise.
        options: Of the importer: `custom_objects`, classes written with this package by their names in the model;
            `compile`, whether to compile it as it was.

    Returns:
        A `Model`; `model.port_report` says what was compared.

    Raises:
        UnsupportedModel: if a file has layers that are not known here, all of them named.
        SavingError: for a damaged file.
        PortError: if the model does not compute what the Keras model does.

    Example:
        >>> model = multiback.from_keras(keras.applications.MobileNetV2(weights=None))
    """
    return bring_in("keras", model_or_file, example_inputs, verify=verify, **options)


def from_onnx(
    path_or_proto: Any,
    example_inputs: Any = None,
    *,
    dynamic_batch: bool = True,
    verify: Verify = True,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A multiback model that computes what an ONNX model does, its initializers being its weights.

    Each node is imported by the newest definition of its op that the model's opset includes; what has no handler is
    replaced by the body that ONNX defines for it.

    Arguments:
        path_or_proto: The name of a file, or a `ModelProto`; opset 7 and up.
        example_inputs: For the verification: arrays, or a dict of them by input name; default: random ones.
        dynamic_batch: Whether named sizes of the model stay symbolic.
        verify: Whether to compare the model with the ONNX model; backends to compare on; "report" does not raise.
        name: Of the model; default: that of the graph.
        options: Of the importer, see the guide.

    Returns:
        A `Model`; `model.port_report` says what was compared.

    Raises:
        UnsupportedModel: if the model uses ops that cannot be imported, all named at once.
        SavingError: if the file is damaged, or names data outside its folder.
        PortError: if the model does not compute what the ONNX model does.

    Example:
        >>> model = multiback.from_onnx("resnet.onnx")
    """
    options = {"dynamic_batch": dynamic_batch, **options}
    return bring_in("onnx", path_or_proto, example_inputs, verify=verify, name=name, **options)


def bring_in(framework: str, source: Any, example_inputs: Any, *, verify: Verify = True, **options: Any) -> Any:
    """A model from any framework that has a porter; see `from_torch` and its relatives."""
    start = time.perf_counter()
    options = {k: v for k, v in options.items() if v is not None}
    importer = get_porter(framework).module("importer")
    found = importer.load(source, example_inputs, **options)
    loaded = time.perf_counter()
    model = assemble(found) if isinstance(found, Imported) else found
    report = getattr(model, "port_report", None) or PortReport(model.name, framework, "multiback")
    report.weights = (len(model.weights), model.count_params())
    report.seconds.update({"reading": loaded - start, "recording": time.perf_counter() - loaded})
    model.port_report = report
    if isinstance(found, Imported):
        report.notes += [note for note in found.notes if note not in report.notes]
        _verified(model, found, example_inputs, report, verify)
    else:
        original = importer.native(source, model)
        home = getattr(original, "backend", framework)
        described = Imported(model.name, home, [], *call_specs(model), _recorded_already, native=original)
        _verified(model, described, example_inputs, report, verify)
    if verify != "report" and report.failed:
        try:
            report.raise_if_failed()
        except PortError as error:
            raise PortError(f"{error}\nTo get the model even so, pass verify='report' or verify=False.") from None
    return model


def _recorded_already(*_: Any) -> Any:
    raise AssertionError("a model of layers is not traced again")


def _verified(model: Any, found: Imported, example_inputs: Any, report: PortReport, asked: Verify) -> None:
    if not asked:
        report.notes.append("not verified: verify=False")
        return
    if found.native is None:
        report.notes.append("not verified: the original cannot be run here")
        return
    if isinstance(asked, bool) or asked == "report":
        backends = default_backends(found.framework)
    else:
        backends = [asked] if isinstance(asked, str) else list(asked)
        for backend in backends:
            registry.get_adapter(backend)
    args, kwargs = examples(found, example_inputs)
    verify(model, found.native, args, kwargs, report, backends)


def examples(found: Imported, example_inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the model is called on, with NumPy arrays: those given, or random ones.

    Raises:
        ArgumentError: if the number of arrays is not that of the model's inputs.
    """
    marks, specs = structure.describe((found.args, found.kwargs), lambda x: isinstance(x, Spec))
    given: dict[int, Any] | None = None
    if example_inputs is not None:
        arrays = structure.describe(example_inputs, lambda x: hasattr(x, "shape") and hasattr(x, "dtype"))[1]
        if len(arrays) != len(specs):
            raise ArgumentError(f"Model {found.name!r} is called on {len(specs)} arrays, got {len(arrays)}.")
        given = dict(enumerate(arrays))
        by_name = structure.mark_paths(marks)
        if isinstance(example_inputs, Mapping):
            with contextlib.suppress(KeyError):
                labels = {path.rpartition("/")[2]: i for i, path in by_name.items()}
                given = {
                    labels[str(k)]: example_inputs[k] for k in example_inputs if hasattr(example_inputs[k], "shape")
                }
    random = np.random.default_rng(0)
    values = [
        random_array(spec, random) if given is None else np.asarray(as_host_array(given[i]), spec.dtype.numpy)
        for i, spec in enumerate(specs)
    ]
    return structure.with_arrays(marks, (tuple(found.args), dict(found.kwargs)), values)


def random_array(spec: Spec, random: np.random.Generator, sizes: Mapping[str, int] | None = None) -> np.ndarray:
    """An array of this shape and dtype: normal floats, integers 0 and 1; a size that is not given is 2."""
    known = {n: 2 for size in spec.shape for n in names(size)} | dict(sizes or {})
    shape = tuple(evaluate(n, known) for n in spec.shape)
    if spec.dtype.is_float or spec.dtype.is_complex:
        return random.standard_normal(shape).astype(spec.dtype.numpy)
    return random.integers(0, 2, shape).astype(spec.dtype.numpy)
