"""`to_torch`, `to_jax`, `to_tensorflow`, `to_keras`, `to_onnx`, `to_source`: any model handed out, verified."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from typing import Any

import numpy as np

from multiback.backends import registry
from multiback.errors import ArgumentError, BackendUnavailable, PortError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.models.inputs import call_specs
from multiback.porting import structure
from multiback.porting.forward import ForwardGraph
from multiback.porting.importing import Verify, random_array
from multiback.porting.porter import get_porter, porters
from multiback.porting.report import PortReport
from multiback.porting.verify import default_backends, verify


def to_torch(model: Any, *, verify: Verify = True, **options: Any) -> Any:
    """The model as a `torch.nn.Module` that trains: the source that `to_source("torch")` writes, run, with the weights.

    Arguments:
        model: Built; made of layers, or imported.
        verify: Whether to compare the module with the model; backends of the model to compare on; "report" does not
            raise.
        options: Of the exporter, see the guide.

    Returns:
        The module; its `state_dict()` has the original names of an imported model, `train()` and `eval()` are honoured.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
        PortError: if the module does not compute what the model does.

    Example:
        >>> net = model.to_torch()
        >>> net.train()
    """
    return hand_out("torch", model, verify=verify, **options)


def to_jax(model: Any, *, verify: Verify = True, **options: Any) -> Any:
    """The model as `(apply, params)`, pure and jittable, or with `style="nnx"` as a Flax nnx module.

    Arguments and errors as for `to_torch`.

    Example:
        >>> apply, params = model.to_jax()
        >>> y = jax.jit(apply)(params, x)
    """
    return hand_out("jax", model, verify=verify, **options)


def to_tensorflow(model: Any, *, verify: Verify = True, **options: Any) -> Any:
    """The model as a `tf.Module` that trains, saves as a SavedModel with any batch size and converts to TFLite.

    Arguments and errors as for `to_torch`.

    Example:
        >>> tf.saved_model.save(model.to_tensorflow(), "exported")
    """
    return hand_out("tensorflow", model, verify=verify, **options)


def to_keras(model: Any, *, verify: Verify = True, **options: Any) -> Any:
    """The model as a Keras 3 model on the backend that Keras runs on: real Keras layers where the model has layers.

    Arguments and errors as for `to_torch`.

    Example:
        >>> keras_model = model.to_keras()
    """
    return hand_out("keras", model, verify=verify, **options)


def to_onnx(model: Any, path: Any = None, *, verify: Verify = True, **options: Any) -> Any:
    """The model as an ONNX `ModelProto`, written to a file if a path is given.

    Arguments:
        model: Built; made of layers, or imported.
        path: A name that ends in `.onnx`; the file is replaced whole or not at all.
        verify: As for `to_torch`.
        options: Of the exporter: `opset`, 18 and up; `dynamic_batch`; `sizes`; `external_data`.

    Raises:
        UnsupportedModel: if the model has ops that ONNX cannot express.
        PortError: if the ONNX model does not compute what the model does.

    Example:
        >>> model.to_onnx("model.onnx")
    """
    exporter = get_porter("onnx").module("exporter")
    external_data = options.pop("external_data", None)
    result = hand_out("onnx", model, verify=verify, **options)
    if path is not None:
        exporter.write(result, path, model, external_data)
    return result


def hand_out(framework: str, model: Any, *, verify: Verify = True, **options: Any) -> Any:
    """The model in any framework that has a porter; see `to_torch` and its relatives.

    The report is kept in `model.port_reports[framework]`, and as `port_report` on the result where that can hold it.
    """
    exporter = get_porter(framework).module("exporter")
    call_specs(model)
    start = time.perf_counter()
    result = exporter.dump(model, **options)
    report = PortReport(model.name, "multiback", framework)
    report.weights = (len(model.weights), model.count_params())
    report.seconds["writing"] = time.perf_counter() - start
    if not verify:
        report.notes.append("not verified: verify=False")
    else:
        _verified(model, exporter, result, framework, report, verify)
    reports = model.__dict__.setdefault("port_reports", {})
    reports[framework] = report
    holder = result[0] if isinstance(result, tuple) else result
    with contextlib.suppress(AttributeError, TypeError):
        holder.port_report = report
    if verify != "report" and report.failed:
        try:
            report.raise_if_failed()
        except PortError as error:
            raise PortError(f"{error}\nTo get the result even so, pass verify='report' or verify=False.") from None
    return result


def to_file(model: Any, framework: str, path: str, *, verify: Verify = True, **options: Any) -> PortReport:
    """Writes a model as the file (or folder) that a framework has for models; the report of the port.

    torch writes an exported program (`.pt2`), tensorflow the folder of a SavedModel, keras `.keras`, onnx `.onnx`; jax
    has no such file: write its source.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.
        ArgumentError: for a name that does not end as the framework's files do.
        PortError: if the result does not compute what the model does; nothing is written then.
    """
    exporter = get_porter(framework).module("exporter")
    if not hasattr(exporter, "write"):
        raise ArgumentError(f"{framework!r} has no file for models. Write source: give a name that ends in '.py'.")
    exporter.check_name(path)
    result = hand_out(framework, model, verify=verify, **options)
    report: PortReport = model.port_reports[framework]
    if not report.failed:
        exporter.write(result, path, model)
    return report


def unsupported(form: ForwardGraph) -> dict[str, dict[str, int]]:
    """For each installed framework that models go to: the ops of a graph that cannot be written, with their counts."""
    found = {}
    for name, porter in sorted(porters().items()):
        try:
            exporter = porter.module("exporter")
        except BackendUnavailable:
            continue
        lacking: Counter[str] = Counter(exporter.unsupported(form.graph))
        found[name] = dict(lacking)
    return found


def _verified(model: Any, exporter: Any, result: Any, framework: str, report: PortReport, asked: Verify) -> None:
    native = exporter.native(result, model)
    if isinstance(asked, bool) or asked == "report":
        home = next((v.adapter.name for v in model.weights if v.adapter is not None), None)
        backends = [home] if home else default_backends(framework)
    else:
        backends = [asked] if isinstance(asked, str) else list(asked)
        for backend in backends:
            registry.get_adapter(backend)
    args, kwargs = random_inputs(model)
    verify(model, native, args, kwargs, report, backends)


def random_inputs(model: Any, rows: int = 2, seed: int = 0) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Random arrays of the shapes that a model is called on: normal floats, integers 0 and 1.

    Arguments:
        model: Built.
        rows: What symbolic sizes are.
        seed: Of the numbers.
    """
    given = call_specs(model)
    marks, specs = structure.describe(given, lambda x: isinstance(x, Spec))
    random = np.random.default_rng(seed)
    sizes = {n.name: rows for spec in specs for n in spec.shape if isinstance(n, Dim) and n.name}
    return structure.with_arrays(marks, given, [random_array(spec, random, sizes) for spec in specs])


def to_source(
    model: Any, framework: str, path: Any = None, *, training_step: bool = False, weights: Any = None, **options: Any
) -> str:
    """One readable Python file that computes what the model does and needs only the framework.

    Blocks are classes or functions that mirror the model's own; repeated ones are written once. The weights go into a
    `.safetensors` file beside it.

    Arguments:
        model: Built; made of layers, or imported.
        framework: "torch", "jax", "tensorflow", "keras" or "numpy".
        path: A name that ends in `.py`; None: nothing is written.
        training_step: Whether to write the training step of a compiled model too.
        weights: The name of the weights file; default: that of the source.
        options: Of the framework's writer.

    Returns:
        The text.

    Raises:
        UnsupportedModel: if the model has ops that cannot be written.

    Example:
        >>> model.to_source("jax", "digits.py")
    """
    from multiback.porting.source import write_source

    target = get_porter(framework).module("exporter").TARGET
    return write_source(model, target, path, training_step=training_step, weights=weights, **options)
