"""The layers of `torch.nn` in their variants, as cases: a module and what it is called on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Case = tuple[str, Callable[[], nn.Module], tuple[Any, ...]]

_IMAGES = {1: (2, 4, 9), 2: (2, 4, 9, 8), 3: (2, 4, 5, 6, 7)}
_RESIZED = {1: (7,), 2: (7, 5), 3: (7, 5, 6)}
_MODES = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}


class After(nn.Module):
    """A layer with weights, and a function or module after it."""

    def __init__(self, first: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.first, self.function = first, function

    def forward(self, x: torch.Tensor, *rest: Any) -> Any:
        return self.function(self.first(x), *rest)


class Unpooled(nn.Module):
    """Pooling that tells where its maxima were, and back."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.act = nn.PReLU(4)
        self.pool = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)
        self.unpool = getattr(nn, f"MaxUnpool{n}d")(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, places = self.pool(self.act(x))
        return self.unpool(y, places, output_size=x.shape)


class Sampled(nn.Module):
    """An image read at places that a learnt affine map gives."""

    def __init__(self, mode: str, padding: str, align: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 1)
        self.theta = nn.Parameter(torch.tensor([[[0.9, 0.2, 0.1], [-0.3, 1.2, 0.05]]]))
        self.how = (mode, padding, align)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mode, padding, align = self.how
        grid = F.affine_grid(self.theta.expand(x.shape[0], 2, 3), [x.shape[0], 2, 5, 6], align)
        return F.grid_sample(self.conv(x), grid, mode, padding, align)


def _called(name: str, make: Callable[[], nn.Module], *inputs: Any) -> Case:
    return name, make, inputs


def _convolutions(n: int) -> Iterator[Case]:
    shape, conv, back = _IMAGES[n], getattr(nn, f"Conv{n}d"), getattr(nn, f"ConvTranspose{n}d")
    variants: dict[str, dict[str, Any]] = {
        "strided": {"stride": 2, "padding": 1},
        "grouped, dilated": {"groups": 2, "dilation": 2, "bias": False},
        "same": {"padding": "same"},
        "depthwise": {"groups": 4, "padding": 1},
        "reflect": {"padding": 1, "padding_mode": "reflect"},
        "replicate": {"padding": 1, "padding_mode": "replicate"},
        "circular": {"padding": 1, "padding_mode": "circular"},
    }
    for label, options in variants.items():
        yield _called(
            f"Conv{n}d {label}", lambda o=options: conv(4, 8, 4 if o.get("padding") == "same" else 3, **o), shape
        )
    yield _called(f"Conv{n}d unbatched", lambda: conv(4, 6, 3), shape[1:])
    yield _called(f"ConvTranspose{n}d", lambda: back(4, 6, 3, 2, 1, 1), shape)
    yield _called(f"ConvTranspose{n}d grouped", lambda: back(4, 6, 3, 3, groups=2, dilation=2), shape)
    yield _called(f"ConvTranspose{n}d cut", lambda: back(4, 6, 3, padding=3), shape)


def _norms(n: int) -> Iterator[Case]:
    shape, batch, instance = _IMAGES[n], getattr(nn, f"BatchNorm{n}d"), getattr(nn, f"InstanceNorm{n}d")
    yield _called(f"BatchNorm{n}d", lambda: batch(4), shape)
    yield _called(f"BatchNorm{n}d untracked", lambda: batch(4, track_running_stats=False), shape)
    yield _called(f"BatchNorm{n}d plain", lambda: nn.Sequential(batch(4, affine=False), nn.PReLU(4)), shape)
    yield _called(f"InstanceNorm{n}d", lambda: nn.Sequential(instance(4), nn.PReLU()), shape)
    yield _called(f"InstanceNorm{n}d tracked", lambda: instance(4, affine=True, track_running_stats=True), shape)


def _pools(n: int) -> Iterator[Case]:
    shape = _IMAGES[n]

    def after(kind: str, *args: Any, **options: Any) -> Case:
        layer = getattr(nn, f"{kind}{n}d")
        label = f"{kind}{n}d {args} {options or ''}".strip()
        return _called(label, lambda: nn.Sequential(nn.PReLU(4), layer(*args, **options)), shape)

    for options in ({}, {"padding": 1}, {"ceil_mode": True}, {"padding": 1, "ceil_mode": True}):
        yield after("MaxPool", 3, 2, **options)
        yield after("AvgPool", 3, 2, **options)
        yield after("AvgPool", 3, 2, **options, count_include_pad=False)
    yield after("MaxPool", 2, 1, dilation=2)
    for parts in (1, 3):
        yield after("AdaptiveAvgPool", parts)
        yield after("AdaptiveMaxPool", parts)
    for kind in ("ReflectionPad", "ReplicationPad", "ZeroPad", "CircularPad"):
        yield after(kind, 2)
    yield after("ConstantPad", 2, 1.5)
    places = getattr(nn, f"MaxPool{n}d")(3, 2, 1, return_indices=True)
    yield _called(f"MaxPool{n}d with places", lambda: After(nn.PReLU(4), places), shape)
    adaptive = getattr(nn, f"AdaptiveMaxPool{n}d")(3, return_indices=True)
    yield _called(f"AdaptiveMaxPool{n}d with places", lambda: After(nn.PReLU(4), adaptive), shape)
    yield _called(f"MaxUnpool{n}d", lambda: Unpooled(n), shape)


def _resized(n: int) -> Iterator[Case]:
    sizes: tuple[dict[str, Any], ...] = ({"scale_factor": 2}, {"size": _RESIZED[n]}, {"scale_factor": 1.6})
    for size in sizes:
        for mode in ("nearest", "nearest-exact"):
            up = nn.Upsample(**size, mode=mode)
            yield _called(f"Upsample{n}d {mode} {size}", lambda up=up: nn.Sequential(nn.PReLU(4), up), _IMAGES[n])
        for mode in _MODES[n]:
            for align in (False, True):
                up = nn.Upsample(**size, mode=mode, align_corners=align)
                label = f"Upsample{n}d {mode} {align} {size}"
                yield _called(label, lambda up=up: nn.Sequential(nn.PReLU(4), up), _IMAGES[n])


def _other_images() -> Iterator[Case]:
    shape = (2, 4, 4, 6)
    layers = {
        "Unfold": nn.Unfold((2, 3), padding=1, stride=2),
        "PixelShuffle": nn.PixelShuffle(2),
        "PixelUnshuffle": nn.PixelUnshuffle(2),
        "ChannelShuffle": nn.ChannelShuffle(2),
        "LocalResponseNorm": nn.LocalResponseNorm(3),
        "GroupNorm": nn.GroupNorm(2, 4),
        "Softmax2d": nn.Softmax2d(),
        "LPPool2d": nn.Sequential(nn.Softplus(), nn.LPPool2d(2.0, 2)),
    }
    for name, layer in layers.items():
        yield _called(name, lambda layer=layer: nn.Sequential(nn.PReLU(4), layer), shape)
    yield _called("Fold", lambda: nn.Sequential(nn.Linear(12, 12), nn.Fold((4, 5), (2, 2))), (2, 8, 12))
    yield _called("Fold, strided", lambda: nn.Sequential(nn.Linear(6, 6), nn.Fold((4, 6), 2, stride=2)), (2, 8, 6))
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for align in (False, True):
                label = f"grid_sample {mode} {padding} {align}"
                yield _called(label, lambda how=(mode, padding, align): Sampled(*how), (2, 2, 4, 5))
    for mode in ("bilinear", "bicubic"):
        resize = lambda x, mode=mode: F.interpolate(x, size=(3, 3), mode=mode, antialias=True)  # noqa: E731
        yield _called(f"{mode}, smoothed", lambda resize=resize: After(nn.PReLU(4), resize), (2, 4, 8, 7))


def _features() -> Iterator[Case]:
    names = (
        "ELU Hardshrink Hardsigmoid Hardtanh Hardswish LeakyReLU LogSigmoid ReLU ReLU6 RReLU SELU CELU GELU Sigmoid "
        "SiLU Mish Softplus Softshrink Softsign Tanh Tanhshrink GLU"
    )
    for name in names.split():
        yield _called(name, lambda name=name: nn.Sequential(nn.Linear(4, 6), getattr(nn, name)()), (3, 4))
    for name in ("Softmin", "Softmax", "LogSoftmax"):
        yield _called(name, lambda name=name: nn.Sequential(nn.Linear(4, 6), getattr(nn, name)(-1)), (3, 4))
    yield _called("Bilinear", lambda: nn.Bilinear(4, 5, 3), (2, 4), (2, 5))
    yield _called("LayerNorm", lambda: nn.LayerNorm((3, 4)), (2, 3, 4))
    yield _called("LayerNorm, no bias", lambda: nn.LayerNorm(4, bias=False), (2, 3, 4))
    yield _called("RMSNorm", lambda: nn.RMSNorm(4), (2, 3, 4))
    yield _called("CosineSimilarity", lambda: After(nn.Linear(4, 4), nn.CosineSimilarity()), (2, 4), (2, 4))
    yield _called("PairwiseDistance", lambda: After(nn.Linear(4, 4), nn.PairwiseDistance()), (2, 4), (2, 4))
    attend = F.scaled_dot_product_attention
    blind = torch.ones(5, 5).triu().bool()
    masks: dict[str, dict[str, Any]] = {
        "causal": {"is_causal": True},
        "mask": {"attn_mask": ~blind},
        "numbers": {"attn_mask": torch.zeros(5, 5).masked_fill(blind, float("-inf"))},
    }
    for label, options in masks.items():
        function = lambda x, o=options: attend(x, x, x, **o)  # noqa: E731
        yield _called(f"attention, {label}", lambda f=function: After(nn.Linear(4, 4), f), (2, 2, 5, 4))
    grouped = lambda x: attend(x, x[:, :2], x[:, :2], enable_gqa=True, scale=0.3)  # noqa: E731
    yield _called("attention, grouped", lambda: After(nn.Linear(4, 4), grouped), (2, 4, 5, 4))
    for name in ("RNNCell", "GRUCell"):
        yield _called(name, lambda name=name: getattr(nn, name)(4, 5), (2, 4), (2, 5))
    spectral, weight = nn.utils.parametrizations.spectral_norm, nn.utils.parametrizations.weight_norm
    yield _called("spectral_norm", lambda: spectral(nn.Conv2d(4, 5, 3)), (2, 4, 5, 5))
    yield _called("weight_norm", lambda: weight(nn.Conv2d(4, 5, 3)), (2, 4, 5, 5))


def _losses() -> Iterator[Case]:
    for reduction in ("mean", "none"):
        for name in ("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss", "SoftMarginLoss", "KLDivLoss"):
            loss = getattr(nn, name)(reduction=reduction)
            yield _called(f"{name} {reduction}", lambda loss=loss: After(nn.Linear(4, 4), loss), (3, 4), (3, 4))
        labels = torch.tensor([0, 3, 1])
        classes = {
            "CrossEntropyLoss": nn.CrossEntropyLoss(reduction=reduction, ignore_index=3),
            "smoothed": nn.CrossEntropyLoss(torch.rand(4), reduction=reduction, label_smoothing=0.1),
            "NLLLoss": nn.NLLLoss(reduction=reduction),
            "MultiMarginLoss": nn.MultiMarginLoss(reduction=reduction),
        }
        for name, loss in classes.items():
            yield _called(f"{name} {reduction}", lambda loss=loss: After(nn.Linear(4, 4), loss), (3, 4), labels)
        binary = nn.BCEWithLogitsLoss(reduction=reduction, pos_weight=torch.rand(4))
        targets = torch.rand(3, 4)
        yield _called(f"BCEWithLogitsLoss {reduction}", lambda b=binary: After(nn.Linear(4, 4), b), (3, 4), targets)
        triplet = nn.TripletMarginLoss(reduction=reduction)
        yield _called(f"TripletMarginLoss {reduction}", lambda t=triplet: After(nn.Linear(4, 4), t), *[(3, 4)] * 3)


def _words() -> Iterator[Case]:
    ids = torch.tensor([[3, 1, 4], [1, 5, 1]])
    yield _called("Embedding, padding", lambda: nn.Embedding(10, 4, padding_idx=1), ids)
    yield _called("Embedding, max_norm", lambda: nn.Embedding(10, 4, max_norm=1.0), ids)
    for mode in ("sum", "mean", "max"):
        yield _called(f"EmbeddingBag {mode}", lambda mode=mode: nn.EmbeddingBag(10, 4, mode=mode), ids)
        bag = lambda mode=mode: nn.EmbeddingBag(10, 4, mode=mode, padding_idx=1)  # noqa: E731
        yield _called(f"EmbeddingBag {mode}, offsets", bag, ids.reshape(-1), torch.tensor([0, 2, 2]))


def cases() -> Iterator[Case]:
    """Name, how to make the module, and its inputs: tensors, or shapes of random ones."""
    for n in (1, 2, 3):
        yield from _convolutions(n)
        yield from _norms(n)
        yield from _pools(n)
        yield from _resized(n)
    yield from _other_images()
    yield from _features()
    yield from _losses()
    yield from _words()
