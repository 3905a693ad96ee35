"""What a model is called on."""

from __future__ import annotations

from typing import Any

from multiback import tree
from multiback.errors import NotBuiltError
from multiback.layers._symbolic import KerasTensor, tensors_of
from multiback.models.building import _decoded


def call_specs(model: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a model is called on, as trees of `Spec`.

    Raises:
        NotBuiltError: if the model does not know.
    """
    if not model.built:
        raise NotBuiltError(f"Model {model.name!r} is not built. Call it once, or build(input_shape), before.")
    if hasattr(model, "call_arguments"):
        return model.call_arguments()
    if getattr(model, "_called_on", None):
        found: Any = ((), {name: _decoded(value) for name, value in model._called_on.items()})
    elif hasattr(model, "input"):
        found = ((model.input,), {})
    else:
        shapes = model._build_shapes or {}
        if not shapes or any(shape is None for shape in shapes.values()):
            raise NotBuiltError(f"Model {model.name!r} does not know the shape of its inputs. Call it once.")
        found = ((tensors_of(next(iter(shapes.values())), model.compute_dtype),), {})
    return tree.map(lambda x: x.spec if isinstance(x, KerasTensor) else x, found)
