"""What a call of a model costs by count, for inputs of the shapes that it was built with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multiback import ops, tree
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.trace import Trace, trace
from multiback.models.inputs import call_specs
from multiback.profiling.costs import Costs, costs


@dataclass(frozen=True)
class Counted:
    """The costs of a call, and the number of samples in it.

    Attributes:
        costs: Of the whole call.
        samples: As asked for; the model's own batch size where it has a fixed one.
    """

    costs: Costs
    samples: int


def model_costs(
    model: Any, batch_size: int = 1, training: bool = False, sizes: Mapping[str, int] | None = None
) -> Counted:
    """What a call of a model costs: its forward pass, and with `training` the gradient for its trainable weights.

    Arguments:
        model: Built.
        batch_size: The number of samples.
        training: Whether to count a forward pass of training and the backward pass from a cotangent for each output;
            without the loss, the metrics and the optimizer.
        sizes: Other named sizes, where inputs have axes of unknown size.

    Raises:
        NotBuiltError: if the model is not built.
        ArgumentError: if an axis of unknown size is not given.

    Example:
        >>> model_costs(model, batch_size=32).costs.flops
    """
    traced = _traced(model, training)
    named = traced.graph.dim_names()
    known = {**(sizes or {}), "batch": batch_size}
    if missing := [name for name in named if name not in known]:
        example = ", ".join(f"{name!r}: ..." for name in missing)
        raise ArgumentError(f"Model {model.name!r} has axes of unknown size: give sizes={{{example}}}.")
    samples = batch_size
    if "batch" not in named:
        samples = next((x.shape[0] for x in traced.graph.arguments if x.shape and not isinstance(x.shape[0], Dim)), 1)
    return Counted(costs(traced.graph, known), samples)


def _traced(model: Any, training: bool) -> Trace:
    specs = call_specs(model)

    def forward(args: Any, kwargs: Any) -> Any:
        return model(*args, **{**kwargs, "training": training})

    def with_gradient(args: Any, kwargs: Any) -> Any:
        def total() -> Any:
            outputs = [y for y in tree.leaves(forward(args, kwargs)) if y is not None and y.dtype.is_float]
            found = [ops.sum(ops.cast(y, "float32")) for y in (*outputs, *model.losses)]
            return sum(found[1:], found[0])

        return ops.value_and_grad(total, variables=model.trainable_variables)()[1]

    trains = training and model.trainable_variables
    return trace(with_gradient if trains else forward, *specs, name=model.name)
