"""Networks of `torch.nn`, tiny and with random weights, as cases: a module and what it is called on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = None
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.shortcut is None else self.shortcut(x)
        return self.relu(y)


class ResNet(nn.Module):
    """The residual network for small images."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.layer1 = nn.Sequential(Residual(4, 4, 1), Residual(4, 4, 1))
        self.layer2 = nn.Sequential(Residual(4, 6, 2), Residual(6, 6, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layer2(self.layer1(self.stem(x)))
        return self.head(torch.flatten(self.pool(x), 1))


class UNet(nn.Module):
    """Down, up, and across."""

    def __init__(self) -> None:
        super().__init__()

        def double(channels: int, filters: int) -> nn.Module:
            return nn.Sequential(
                nn.Conv2d(channels, filters, 3, padding=1), nn.GroupNorm(2, filters), nn.SiLU(),
                nn.Conv2d(filters, filters, 3, padding=1, padding_mode="reflect"), nn.InstanceNorm2d(filters),
            )  # fmt: skip

        self.down1, self.down2 = double(2, 4), double(4, 6)
        self.up = nn.ConvTranspose2d(6, 4, 2, stride=2)
        self.last = double(8, 4)
        self.head = nn.Conv2d(4, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        high = self.down1(x)
        low = self.down2(F.max_pool2d(high, 2))
        up = F.interpolate(self.up(low), size=high.shape[-2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.head(self.last(torch.cat([high, up], 1))))


class Tagger(nn.Module):
    """Embeddings, a recurrent layer, and one label for each word; nested outputs."""

    def __init__(self, recurrent: nn.Module, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 5, padding_idx=0)
        self.recurrent = recurrent
        self.head = nn.Linear(size, 3)

    def forward(self, ids: torch.Tensor, *, scale: float = 1.0) -> dict[str, Any]:
        y, state = self.recurrent(self.embedding(ids) * scale)
        return {"logits": self.head(y), "state": state, "nothing": None}


class Tied(nn.Module):
    """A language model whose head is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 8)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, 0.1, "gelu", batch_first=True), 2)
        self.head = nn.Linear(8, 9, bias=False)
        self.head.weight = self.table.weight
        self.register_buffer("positions", torch.linspace(-1, 1, 5 * 8).reshape(5, 8), persistent=False)

    def forward(self, ids: torch.Tensor, padding: torch.Tensor | None = None) -> torch.Tensor:
        x = self.table(ids) + self.positions[: ids.shape[1]]
        causal = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.head(self.body(x, mask=causal, is_causal=True, src_key_padding_mask=padding))


class InPlace(nn.Module):
    """Writes into views, and counts its calls in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 6)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.calls += 1
        y = self.linear(x)
        rows = y.view(-1, 2, 3)
        rows[:, 0].mul_(2.0)
        rows[:, 1, 1:] = 1.5
        y[:, :3].add_(y[:, 3:])
        mask = torch.zeros_like(y)
        mask[:, ::2] = y[:, 1::2]
        with torch.no_grad():
            size = (y * y).sum(1, keepdim=True)
        return F.relu(y, inplace=True) + size, mask.t()


class Bag(nn.Module):
    """Sums of embeddings, and PReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, mode="mean")
        self.act = nn.PReLU(4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.act(self.bag(ids))


def _words(*shape: int) -> torch.Tensor:
    return torch.randint(0, 9, shape)


def _conv(*layers: Any) -> nn.Module:
    return nn.Sequential(*layers)


def _discriminator() -> nn.Module:
    spectral = nn.utils.parametrizations.spectral_norm
    return _conv(
        spectral(nn.Conv2d(3, 4, 4, 2, 1)), nn.LeakyReLU(0.2), nn.Conv2d(4, 6, 4, 2, 1), nn.BatchNorm2d(6),
        nn.LeakyReLU(0.2, inplace=True), nn.utils.parametrizations.weight_norm(nn.Conv2d(6, 1, 2)), nn.Flatten(),
    )  # fmt: skip


def _generator() -> nn.Module:
    return _conv(
        nn.ConvTranspose2d(5, 6, 4, 1, 0, bias=False), nn.BatchNorm2d(6), nn.ReLU(True),
        nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def _vgg() -> nn.Module:
    return _conv(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 8), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(8, 3),
    )  # fmt: skip


class _Causal(nn.Module):
    """`nn.Transformer` with its target mask."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Transformer(8, 2, 1, 1, 12, 0.1, batch_first=True)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        return self.net(source, target, tgt_mask=mask, tgt_is_causal=True)


NETS: dict[str, Callable[[], tuple[nn.Module, Any]]] = {
    "mlp": lambda: (
        nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.GELU(), nn.Dropout(0.1), nn.Linear(8, 3), nn.Softmax(-1)),
        torch.randn(3, 5),
    ),
    "resnet": lambda: (ResNet(), torch.randn(4, 3, 8, 8)),
    "vgg": lambda: (_vgg(), torch.randn(2, 3, 9, 9)),
    "unet": lambda: (UNet(), torch.randn(2, 2, 8, 6)),
    "dcgan generator": lambda: (_generator(), torch.randn(3, 5, 1, 1)),
    "dcgan discriminator": lambda: (_discriminator(), torch.randn(3, 3, 8, 8)),
    "lstm": lambda: (
        Tagger(nn.LSTM(5, 4, 2, batch_first=True, bidirectional=True, dropout=0.2), 8),
        ((_words(3, 4),), {"scale": 0.5}),
    ),
    "gru": lambda: (Tagger(nn.GRU(5, 4, 2, batch_first=True, bidirectional=True), 8), _words(3, 4)),
    "gru, time first": lambda: (Tagger(nn.GRU(5, 4), 4), _words(4, 3)),
    "rnn": lambda: (Tagger(nn.RNN(5, 4, nonlinearity="relu", batch_first=True), 4), _words(3, 4)),
    "projected lstm": lambda: (Tagger(nn.LSTM(5, 4, proj_size=3, batch_first=True), 3), _words(2, 4)),
    "transformer": lambda: (_Causal(), (torch.randn(3, 5, 8), torch.randn(3, 4, 8))),
    "attention with weights": lambda: (
        nn.MultiheadAttention(8, 2, add_bias_kv=True, batch_first=True),
        (torch.randn(2, 5, 8), torch.randn(2, 4, 8), torch.randn(2, 4, 8)),
    ),
    "tied": lambda: (Tied(), {"ids": _words(3, 5), "padding": torch.arange(5).repeat(3, 1) > 3}),
    "in place": lambda: (InPlace(), torch.randn(3, 4)),
    "bag": lambda: (Bag(), _words(3, 4)),
}
"""Name to a function that makes a module and its example inputs."""
