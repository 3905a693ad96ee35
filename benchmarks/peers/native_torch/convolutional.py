"""Convolutional classifiers in PyTorch.

A padding of 1 lets a strided window begin one row before the image; "same" padding in Keras, TensorFlow and JAX lets it
end one row after. The two are mirror images, so a model with such windows is given mirrored images and mirrored kernels
and computes what the others do, by the code that is usual in PyTorch.
"""

from itertools import pairwise
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional
from workloads import MOMENTUM, NORM_EPSILON, Workload


def batch_norm_2d(channels: int) -> nn.BatchNorm2d:
    """Batch normalization with the constants all peers have."""
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=1 - MOMENTUM)


class CNN(nn.Module):
    space = 2
    flattened: ClassVar = {"dense": (5, 5, 64)}

    def __init__(self, workload: Workload):
        super().__init__()
        self.conv_1 = nn.Conv2d(workload.input_shape[2], 32, 3)
        self.conv_2 = nn.Conv2d(32, 64, 3)
        self.dense = nn.Linear(5 * 5 * 64, workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(self.conv_1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv_2(x)), 2)
        return self.dense(x.flatten(1))


class Shortcut(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = batch_norm_2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(functional.avg_pool2d(x, 2)))


class Stage(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm_1 = batch_norm_2d(outputs)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm_2 = batch_norm_2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else Shortcut(inputs, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.norm_1(self.conv_1(x)), inplace=True)
        y = self.norm_2(self.conv_2(y))
        return functional.relu(y + self.shortcut(x), inplace=True)


class ResNet(nn.Module):
    space = 2
    mirrored = True

    def __init__(self, workload: Workload):
        super().__init__()
        filters = workload.sizes["filters"]
        self.stem_conv = nn.Conv2d(workload.input_shape[2], filters[0], 3, padding=1, bias=False)
        self.stem_norm = batch_norm_2d(filters[0])
        self.stages = []
        for number, (inputs, outputs) in enumerate(pairwise((filters[0], *filters)), 1):
            self.stages.append(Stage(inputs, outputs))
            self.add_module(f"stage_{number}", self.stages[-1])
        self.dense = nn.Linear(filters[-1], workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.stem_norm(self.stem_conv(x)), inplace=True)
        for stage in self.stages:
            x = stage(x)
        return self.dense(x.mean((2, 3)))


class Separable(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride=stride, padding=1, groups=inputs, bias=False)
        self.norm_1 = batch_norm_2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm_2 = batch_norm_2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.norm_1(self.depthwise(x)), inplace=True)
        return functional.relu(self.norm_2(self.pointwise(x)), inplace=True)


class DepthwiseNet(nn.Module):
    space = 2
    mirrored = True

    def __init__(self, workload: Workload):
        super().__init__()
        inputs = workload.sizes["stem"]
        self.stem_conv = nn.Conv2d(workload.input_shape[2], inputs, 3, padding=1, bias=False)
        self.stem_norm = batch_norm_2d(inputs)
        self.blocks = []
        for number, (outputs, stride) in enumerate(workload.sizes["blocks"], 1):
            self.blocks.append(Separable(inputs, outputs, stride))
            self.add_module(f"block_{number}", self.blocks[-1])
            inputs = outputs
        self.dense = nn.Linear(inputs, workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.stem_norm(self.stem_conv(x)), inplace=True)
        for block in self.blocks:
            x = block(x)
        return self.dense(x.mean((2, 3)))


class SignalNet(nn.Module):
    space = 1

    def __init__(self, workload: Workload):
        super().__init__()
        inputs = workload.input_shape[1]
        self.layers = []
        for number, (filters, window, stride) in enumerate(workload.sizes["layers"], 1):
            conv = nn.Conv1d(inputs, filters, window, stride=stride, bias=False)
            norm = nn.BatchNorm1d(filters, eps=NORM_EPSILON, momentum=1 - MOMENTUM)
            self.add_module(f"conv_{number}", conv)
            self.add_module(f"norm_{number}", norm)
            self.layers.append((conv, norm))
            inputs = filters
        self.dense = nn.Linear(inputs, workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv, norm in self.layers:
            x = functional.relu(norm(conv(x)), inplace=True)
        return self.dense(x.mean(2))


MODELS = {"cnn": CNN, "resnet": ResNet, "depthwise": DepthwiseNet, "conv1d": SignalNet}
