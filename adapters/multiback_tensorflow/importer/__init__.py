"""From TensorFlow: modules, functions and SavedModels, through the graphs of their concrete functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.errors import ArgumentError
from multiback.porting.imported import Imported, Weight
from multiback_tensorflow.importer.form import Form
from multiback_tensorflow.importer.interpreter import Context
from multiback_tensorflow.importer.native import TensorFlowModel
from multiback_tensorflow.importer.opening import names_of, open_source, to_specs
from multiback_tensorflow.importer.scan import check_supported


def load(
    source: Any,
    example_inputs: Any = None,
    *,
    signature: str | None = None,
    dynamic_batch: bool = True,
    name: str | None = None,
    **options: Any,
) -> Imported:
    """What a TensorFlow program computes, with its variables.

    Arguments:
        source: A tf.Module, a tf.function, a concrete function, a Python function written with tf, a loaded SavedModel
            or its folder.
        example_inputs: A tuple of positional arguments, a dict of arguments by name, or one array; only shapes and
            dtypes are looked at. Not needed where the source has a signature.
        signature: The method of a module, or the signature of a SavedModel: "serving_default" unless given.
        dynamic_batch: Whether the leading axis of the examples may have any size.
        name: Of the model.

    Raises:
        ArgumentError: if the source is nothing of TensorFlow or the inputs do not fit.
        PortError: if a SavedModel is damaged.
        UnsupportedModel: if it has ops without a handler; all are listed.
    """
    if options:
        raise ArgumentError(f"from_tensorflow has no argument {', '.join(map(repr, sorted(options)))}.")
    opened = open_source(source, example_inputs, signature, dynamic_batch)
    title = name or opened.name
    forms = {training: Form(concrete) for training, concrete in opened.forms.items()}
    check_supported(title, [form.function for form in forms.values()])
    variables = list({id(v): v for form in forms.values() for v in form.variables.values()}.values())
    names = names_of(variables, opened.paths)
    for form in forms.values():
        form.names = names
    args, kwargs = to_specs(opened.args, opened.kwargs)

    def program(weights: Mapping[str, Any], key: Any, training: bool, args: Any, kwargs: Any) -> Any:
        form = forms.get(training, forms[False])
        context = Context(weights, key)
        results = context.run(form.function, [*form.ordered(args, kwargs), *form.captured()])
        return form.nested(results)

    return Imported(
        title,
        "tensorflow",
        [Weight(names[id(v)], v.numpy(), trainable=bool(v.trainable)) for v in variables],
        args,
        kwargs,
        program,
        forms=tuple(sorted(forms)),
        native=TensorFlowModel(opened, forms, {names[id(v)]: v for v in variables}),
        notes=_notes(forms),
    )


def _notes(forms: Mapping[bool, Form]) -> list[str]:
    from multiback_tensorflow.importer.written import every

    own = sorted({node.name for form in forms.values() for _, node in every(form.function) if node.custom_gradient})
    if not own:
        return []
    return [
        f"custom gradients of {len(own)} nodes ({', '.join(own[:3])}{', ...' if len(own) > 3 else ''}) are replaced by "
        "those of what they compute"
    ]
