"""Networks from image to image in PyTorch."""

import torch
from torch import nn
from torch.nn import functional
from workloads import Workload


class Autoencoder(nn.Module):
    space = 2

    def __init__(self, workload: Workload):
        super().__init__()
        self.conv_1 = nn.Conv2d(workload.input_shape[2], 32, 4, stride=2, padding=1)
        self.conv_2 = nn.Conv2d(32, 64, 4, stride=2, padding=1)
        self.transpose_1 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.transpose_2 = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)
        self.conv_3 = nn.Conv2d(16, workload.outputs, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in (self.conv_1, self.conv_2, self.transpose_1, self.transpose_2):
            x = functional.relu(layer(x), inplace=True)
        return self.conv_3(x)


class UNet(nn.Module):
    space = 2

    def __init__(self, workload: Workload):
        super().__init__()
        self.down_1 = nn.Conv2d(workload.input_shape[2], 16, 3, padding=1)
        self.down_2 = nn.Conv2d(16, 32, 3, padding=1)
        self.bottom = nn.Conv2d(32, 64, 3, padding=1)
        self.up_2 = nn.Conv2d(64 + 32, 32, 3, padding=1)
        self.up_1 = nn.Conv2d(32 + 16, 16, 3, padding=1)
        self.output = nn.Conv2d(16, workload.outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        down_1 = functional.relu(self.down_1(x), inplace=True)
        down_2 = functional.relu(self.down_2(functional.max_pool2d(down_1, 2)), inplace=True)
        x = functional.relu(self.bottom(functional.max_pool2d(down_2, 2)), inplace=True)
        x = torch.cat([functional.interpolate(x, scale_factor=2), down_2], 1)
        x = functional.relu(self.up_2(x), inplace=True)
        x = torch.cat([functional.interpolate(x, scale_factor=2), down_1], 1)
        return self.output(functional.relu(self.up_1(x), inplace=True))


MODELS = {"autoencoder": Autoencoder, "unet": UNet}
