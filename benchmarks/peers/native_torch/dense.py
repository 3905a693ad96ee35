"""Multi-layer perceptrons in PyTorch."""

from collections import OrderedDict
from itertools import pairwise

from torch import nn
from workloads import Workload


def mlp(workload: Workload) -> nn.Module:
    """Dense layers with relu, then one to the outputs."""
    widths = [workload.input_shape[0], *workload.sizes["hidden"], workload.outputs]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, units) in enumerate(pairwise(widths), 1):
        layers[f"dense_{number}"] = nn.Linear(inputs, units)
        layers[f"relu_{number}"] = nn.ReLU()
    layers.popitem()
    return nn.Sequential(layers)


MODELS = {"mlp": mlp}
