"""What happens when the loss becomes NaN or infinite."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import NonFiniteError
from multiback.training.data import Batch
from multiback.variables import Variable

POLICIES = ("continue", "raise")


def new_guard() -> Variable:
    """State that says whether the last step was bad: 0 or 1."""
    return Variable(np.zeros((), np.int32), dtype="int32", trainable=False, name="nonfinite", path="nonfinite")


def guarded_update(guard: Variable, optimizer: Any, loss: Any, gradients: Any, variables: Any) -> None:
    """Applies the gradients only if the loss is finite; records in the guard when it is not."""
    finite = ops.isfinite(loss)
    guard.assign(ops.cast(ops.logical_not(finite), "int32"))

    def apply() -> tuple[()]:
        optimizer.apply(gradients, variables)
        return ()

    ops.cond(finite, apply, lambda: ())


def raise_if_bad(model: Any, batch: Batch) -> None:
    """Raises NonFiniteError if the last step was bad, naming the step and the first layer with such an output."""
    if not int(model._guard.numpy()):
        return
    model._guard.assign(np.zeros((), np.int32))
    step = int(model.optimizer.iterations)
    layer = first_nonfinite(model, batch)
    where = f" The first output that is NaN or infinite comes from {layer}." if layer else ""
    raise NonFiniteError(
        f"The loss of model {model.name!r} became NaN or infinite at step {step}; no weight was changed by that step."
        f"{where} Check the data and the learning rate."
    )


def first_nonfinite(model: Any, batch: Batch) -> str | None:
    """The first layer whose output is NaN or infinite on this batch, with the op; computed on the NumPy reference."""
    from multiback.testing.values import first_nonfinite_equation
    from multiback.training.data import Batch as _Batch

    traced = model._steps["train_step"].program(_Batch(*batch)).trace
    equation = first_nonfinite_equation(traced, batch)
    if equation is None:
        return None
    return f"layer {equation.scope!r} ({equation.op.name})" if equation.scope else f"op {equation.op.name!r}"
