"""Cross-entropies on logits by torch's kernels."""

import torch
import torch.nn.functional as F

from multiback.backends.protocol import Fast


def sparse_categorical_crossentropy(target, output, *, from_logits, axis):
    logits = output if axis == output.ndim - 1 else output.movedim(axis, -1)
    classes = logits.shape[-1]
    known = target.clamp(0, classes - 1)
    loss = F.cross_entropy(logits.reshape(-1, classes), known.reshape(-1).long(), reduction="none")
    return torch.where(known == target, loss.view(target.shape), float("nan"))


def _on_logits(equation):
    return equation.attributes["from_logits"]


FAST = {
    "sparse_categorical_crossentropy": Fast(sparse_categorical_crossentropy, when=_on_logits),
    "binary_crossentropy": Fast(
        "F.binary_cross_entropy_with_logits({output}, {target:array}, reduction='none')", when=_on_logits
    ),
}
