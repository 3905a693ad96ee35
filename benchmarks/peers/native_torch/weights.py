"""Puts the weights all peers share, which are in Keras's layout, into torch modules."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from workloads import Array

from peers.native_torch.attention import Positions, SelfAttention

Parts = dict[str, torch.Tensor]


@torch.no_grad()
def load(model: nn.Module, weights: dict[str, Array]) -> None:
    """Fill the module `stage_1.conv_1` with the weights of the layer `stage_1_conv_1`, and so on."""
    modules = {name.replace(".", "_"): module for name, module in model.named_modules()}
    layers: dict[str, Parts] = {}
    for name, value in weights.items():
        layer, _, part = name.partition("/")
        layers.setdefault(layer, {})[part] = torch.from_numpy(value)
    for layer, parts in layers.items():
        _prepare(model, layer, parts)
        LOADERS[type(modules[layer])](modules[layer], parts)


def _prepare(model: nn.Module, layer: str, parts: Parts) -> None:
    if layer in getattr(model, "flattened", {}):
        # Rows of the dense kernel go from height, width, channel to channel, height, width.
        kernel = parts["kernel"]
        image = kernel.reshape(*model.flattened[layer], -1)  # type: ignore[operator,index]
        parts["kernel"] = image.permute(2, 0, 1, 3).reshape(kernel.shape)
    if getattr(model, "mirrored", False) and "kernel" in parts:
        parts["kernel"] = parts["kernel"].flip(tuple(range(parts["kernel"].ndim - 2)))


def _linear(module: Any, parts: Parts) -> None:
    module.weight.copy_(parts["kernel"].T)
    module.bias.copy_(parts["bias"])


def _conv(module: Any, parts: Parts) -> None:
    kernel = parts["kernel"]
    *space, inputs, outputs = range(kernel.ndim)
    if module.groups > 1:
        inputs, outputs = outputs, inputs
    module.weight.copy_(kernel.permute(outputs, inputs, *space))
    if module.bias is not None:
        module.bias.copy_(parts["bias"])


def _batch_norm(module: Any, parts: Parts) -> None:
    module.weight.copy_(parts["gamma"])
    module.bias.copy_(parts["beta"])
    module.running_mean.copy_(parts["moving_mean"])
    module.running_var.copy_(parts["moving_variance"])


def _layer_norm(module: Any, parts: Parts) -> None:
    module.weight.copy_(parts["gamma"])
    module.bias.copy_(parts["beta"])


def _embedding(module: Any, parts: Parts) -> None:
    module.weight.copy_(parts["embeddings"])


def _positions(module: Any, parts: Parts) -> None:
    module.positions.copy_(parts["positions"])


def _lstm(module: Any, parts: Parts) -> None:
    module.weight_ih_l0.copy_(parts["kernel"].T)
    module.weight_hh_l0.copy_(parts["recurrent_kernel"].T)
    module.bias_ih_l0.copy_(parts["bias"])
    module.bias_hh_l0.zero_()


def _gru(module: Any, parts: Parts) -> None:
    def reset_first(values: torch.Tensor) -> torch.Tensor:
        update, reset, candidate = values.chunk(3, -1)
        return torch.cat([reset, update, candidate], -1)

    module.weight_ih_l0.copy_(reset_first(parts["kernel"]).T)
    module.weight_hh_l0.copy_(reset_first(parts["recurrent_kernel"]).T)
    input_bias, recurrent_bias = reset_first(parts["bias"])
    module.bias_ih_l0.copy_(input_bias)
    module.bias_hh_l0.copy_(recurrent_bias)


def _attention(module: Any, parts: Parts) -> None:
    width = module.output.in_features
    names = ("query", "key", "value")
    module.project.weight.copy_(torch.cat([parts[f"{name}/kernel"].reshape(width, width) for name in names], 1).T)
    module.project.bias.copy_(torch.cat([parts[f"{name}/bias"].flatten() for name in names]))
    module.output.weight.copy_(parts["attention_output/kernel"].reshape(width, width).T)
    module.output.bias.copy_(parts["attention_output/bias"])


LOADERS: dict[type, Callable[[Any, Parts], None]] = {
    nn.Linear: _linear,
    nn.Conv1d: _conv,
    nn.Conv2d: _conv,
    nn.ConvTranspose2d: _conv,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.Embedding: _embedding,
    nn.LSTM: _lstm,
    nn.GRU: _gru,
    Positions: _positions,
    SelfAttention: _attention,
}
