"""Batch normalization with the moving variance of Keras, JAX and ONNX."""

import torch
import torch.nn.functional as F
from torch import nn


class BatchNorm(nn.Module):
    """Batch normalization of (batch, channels, ...); its moving variance divides by n, torch's own by n - 1.

    With `frozen` it normalizes by the moving statistics while training too.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, scale=True, center=True, frozen=False):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.frozen = frozen
        self.weight = nn.Parameter(torch.ones(num_features)) if scale else None
        self.bias = nn.Parameter(torch.zeros(num_features)) if center else None
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training and not self.frozen:
            with torch.no_grad():
                variance, mean = torch.var_mean(x, [0, *range(2, x.ndim)], correction=0)
                self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.running_var.mul_(1 - self.momentum).add_(variance, alpha=self.momentum)
            return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
