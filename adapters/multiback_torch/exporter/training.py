"""The training step of a compiled model: its optimizer and its loss in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import ArgumentError

_LOSSES = {
    "MeanSquaredError": "F.mse_loss(outputs, targets)",
    "MeanAbsoluteError": "F.l1_loss(outputs, targets)",
    "CategoricalCrossentropy": "-(targets * outputs.log_softmax(-1)).sum(-1).mean()",
    "SparseCategoricalCrossentropy": "F.cross_entropy(outputs.flatten(0, -2), targets.flatten().long())",
    "BinaryCrossentropy": "F.binary_cross_entropy_with_logits(outputs, targets)",
}
_NAMES = {
    "mse": "MeanSquaredError",
    "mean_squared_error": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mean_absolute_error": "MeanAbsoluteError",
}
_USUAL = {
    "from_logits": True,
    "label_smoothing": 0.0,
    "axis": -1,
    "reduction": "sum_over_batch_size",
    "ignore_class": None,
}
_PLAIN = {
    "clipnorm": None, "global_clipnorm": None, "clipvalue": None, "use_ema": False, "loss_scale_factor": None,
    "gradient_accumulation_steps": None, "amsgrad": False,
}  # fmt: skip


def training_step(model: Any) -> list[str]:
    """The lines of `make_optimizer`, `loss_of` and `training_step`.

    Raises:
        ArgumentError: if the model is not compiled, or with a loss or an optimizer that has no form here.
    """
    if not getattr(model, "compiled", False):
        raise ArgumentError(
            f"Model {model.name!r} is not compiled, so it has no training step. Leave training_step out."
        )
    return [
        "",
        "",
        "def make_optimizer(model):",
        '    """The optimizer that the model was compiled with."""',
        f"    return {_optimizer(model)}",
        "",
        "",
        "def loss_of(outputs, targets):",
        '    """The loss that the model was compiled with, averaged over the batch."""',
        f"    return {_loss(model)}",
        "",
        "",
        "def training_step(model, optimizer, inputs, targets):",
        '    """One step of training on a batch; returns the loss before it."""',
        "    model.train()",
        "    optimizer.zero_grad()",
        "    loss = loss_of(model(inputs), targets)",
        "    loss.backward()",
        "    optimizer.step()",
        "    return loss.detach()",
    ]


def _loss(model: Any) -> str:
    loss = model.loss
    name = _NAMES.get(loss, loss) if isinstance(loss, str) else type(loss).__name__
    config = {} if isinstance(loss, str) else loss.get_config()
    odd = [k for k, usual in _USUAL.items() if k in config and config[k] != usual]
    if name not in _LOSSES or odd:
        raise ArgumentError(
            f"The loss {name!r}{f' with another {odd[0]}' if odd else ''} of model {model.name!r} cannot be written "
            f"for 'torch'. Known, on logits: {', '.join(_LOSSES)}. "
            "Leave training_step out, or compile with one of these."
        )
    return _LOSSES[name]


def _optimizer(model: Any) -> str:
    config = model.optimizer.get_config()
    name = type(model.optimizer).__name__
    odd = [k for k, usual in _PLAIN.items() if k in config and config[k] != usual]
    odd += ["learning_rate"] if not isinstance(config["learning_rate"], float) else []
    odd += ["weight_decay"] if name == "SGD" and config["weight_decay"] else []
    if name not in ("SGD", "Adam", "AdamW") or odd:
        raise ArgumentError(
            f"The optimizer {name!r}{f' with another {odd[0]}' if odd else ''} of model {model.name!r} cannot be "
            "written for 'torch'. Known: SGD, Adam, AdamW with a fixed rate. "
            "Leave training_step out, or compile with one of these."
        )
    rate = str(np.float32(config["learning_rate"]))
    if name == "SGD":
        momentum = f", momentum={config['momentum']}" if config["momentum"] else ""
        nesterov = ", nesterov=True" if config["nesterov"] and momentum else ""
        return f"torch.optim.SGD(model.parameters(), lr={rate}{momentum}{nesterov})"
    usual = {"beta_1": 0.9, "beta_2": 0.999}
    betas = "".join(f", {k}={config[k]}" for k, v in usual.items() if config[k] != v)
    eps = f", eps={config['epsilon']!r}" if config["epsilon"] != 1e-7 else ""
    decay = f", weight_decay={config['weight_decay']}" if config["weight_decay"] else ""
    return f"Adam(model.parameters(), lr={rate}{betas}{eps}{decay})"
