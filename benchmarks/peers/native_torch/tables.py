"""A recommender in PyTorch; gradients of its tables are dense, as fused Adam needs them."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional
from workloads import Workload


class Recommender(nn.Module):
    def __init__(self, workload: Workload):
        super().__init__()
        sizes, numbers = workload.sizes, workload.inputs[1].shape[0]
        self.tables, self.layers = [], []
        for number, rows in enumerate(sizes["tables"], 1):
            self.tables.append(nn.Embedding(rows, sizes["width"]))
            self.add_module(f"table_{number}", self.tables[-1])
        widths = (len(self.tables) * sizes["width"] + numbers, *sizes["hidden"], workload.outputs)
        for number, (inputs, units) in enumerate(pairwise(widths), 1):
            self.layers.append(nn.Linear(inputs, units))
            self.add_module(f"dense_{number}", self.layers[-1])

    def forward(self, identifiers: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        rows = [table(identifiers[:, column]) for column, table in enumerate(self.tables)]
        x = torch.cat([*rows, numbers], 1)
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.layers[-1](x)


MODELS = {"recommender": Recommender}
