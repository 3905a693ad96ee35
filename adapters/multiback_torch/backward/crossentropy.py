"""Gradients of cross-entropies on logits."""

from __future__ import annotations

from typing import Any

import torch

from multiback import dtypes
from multiback.graph.dims import product
from multiback.graph.explicit import Rule, Uncovered
from multiback.graph.ir import Spec
from multiback.graph.kernels import Kernel
from multiback_torch.backward._aten import aten
from multiback_torch.fast.crossentropy import FAST

_NOWHERE = torch.iinfo(torch.int64).min
"""The label whose loss is left out."""


def losses(target, output, *, axis):
    logits = output if axis == output.ndim - 1 else output.movedim(axis, -1)
    classes = logits.shape[-1]
    log_probabilities = torch.log_softmax(logits if logits.ndim == 2 else logits.reshape(-1, classes), 1)
    labels = target.long() if target.ndim == 1 else target.reshape(-1).long()
    if labels.is_cpu:
        try:
            loss, _ = aten.nll_loss_forward(log_probabilities, labels, None, 0, _NOWHERE)
            return loss if target.ndim == 1 else loss.view(target.shape), log_probabilities, labels
        except IndexError:
            pass  # A label is out of range: its loss is NaN.
    unknown = (labels < 0) | (labels >= classes)
    labels = labels.masked_fill(unknown, _NOWHERE)
    loss, _ = aten.nll_loss_forward(log_probabilities, labels, None, 0, _NOWHERE)
    return loss.masked_fill(unknown, float("nan")).view(target.shape), log_probabilities, labels


def losses_gradient(g, log_probabilities, labels, output, *, axis):
    weight = log_probabilities.new_empty(())
    g = aten.nll_loss_backward(
        g if g.ndim == 1 else g.reshape(-1), log_probabilities, labels, None, 0, _NOWHERE, weight
    )
    g = torch._log_softmax_backward_data(g, log_probabilities, 1, g.dtype)
    if axis == output.ndim - 1:
        return g if output.ndim == 2 else g.view(output.shape)
    return g.view(*output.shape[:axis], *output.shape[axis + 1 :], output.shape[axis]).movedim(-1, axis)


_LOSSES = Kernel("sparse_categorical_losses", losses, ("target", "output"), ("axis",))
_LOSSES_GRADIENT = Kernel(
    "sparse_categorical_losses_gradient", losses_gradient, ("g", "log_probabilities", "labels", "output"), ("axis",)
)


def _forward(outputs: Any, target: Any, output: Any, *, from_logits: bool, axis: int) -> Any:
    rows = product([n for i, n in enumerate(output.shape) if i != axis])
    saved = Spec((rows, output.shape[axis]), output.dtype), Spec((rows,), dtypes.int64)
    loss, log_probabilities, labels = _LOSSES(target, output, outputs=(outputs, *saved), axis=axis)
    return loss, (log_probabilities, labels)


def _backward(
    g: Any, saved: Any, wanted: Any, target: Any, output: Any, *, from_logits: bool, axis: int
) -> tuple[Any, ...]:
    return None, _LOSSES_GRADIENT(g, *saved, output, outputs=output, axis=axis)


_BINARY = Kernel("binary_losses_gradient", "({output}.sigmoid() - {target:array}) * {g}", ("g", "target", "output"))


def _binary(g: Any, y: Any, wanted: Any, target: Any, output: Any, *, from_logits: bool) -> tuple[Any, ...]:
    if wanted[0]:
        raise Uncovered
    return None, _BINARY(g, target, output, outputs=y)


BACKWARD = {
    "sparse_categorical_crossentropy": Rule(_backward, _forward, FAST["sparse_categorical_crossentropy"].when),
    "binary_crossentropy": Rule(_binary, when=FAST["binary_crossentropy"].when),
}
