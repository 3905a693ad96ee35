"""Plain PyTorch: an nn.Module in NCHW, a training loop by hand, fused Adam."""

import os
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from workloads import BETA_1, BETA_2, CLASSES, EPSILON, LEARNING_RATE, Array, Workload, data, initial_weights

TUNED = os.environ.get("BENCHMARK_TUNED") == "1"


class TorchPeer:
    def __init__(self, workload: Workload):
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        self._batch = workload.batch
        x, y = data(workload)
        # One channel: (n, 28, 28, 1) and (n, 1, 28, 28) are the same numbers in the same order.
        self._x = x.reshape(len(x), 1, 28, 28) if workload.kind == "cnn" else x
        self._y = y.astype(np.int64)
        self._model = _model(workload)
        if TUNED:
            self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a documented form
        self._optimizer = torch.optim.Adam(
            self._model.parameters(), lr=LEARNING_RATE, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True
        )
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def train(self, n_steps: int) -> None:
        batch = self._batch
        self._model.train()
        order = self._rng.permutation(n_steps * batch)
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            x, y = torch.from_numpy(self._x[rows]), torch.from_numpy(self._y[rows])
            logits = self._model(x)
            loss = functional.cross_entropy(logits, y)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            loss_sum += loss.detach()
            correct += (logits.detach().argmax(1) == y).sum()
        self._loss = loss_sum.item() / n_steps
        self.accuracy = correct.item() / len(order)

    @torch.inference_mode()
    def predict(self, n_batches: int) -> Array:
        self._model.eval()
        batch = self._batch
        outputs = [
            self._model(torch.from_numpy(self._x[start : start + batch]))
            for start in range(0, n_batches * batch, batch)
        ]
        return torch.cat(outputs).numpy()

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self._model.parameters())

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__}


class LastStepLSTM(nn.Module):
    def __init__(self, features: int, units: int):
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)
        self.dense = nn.Linear(units, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(x)
        return self.dense(outputs[:, -1])


def _model(workload: Workload) -> nn.Module:
    weights = [torch.from_numpy(weight) for weight in initial_weights(workload)]
    match workload.kind:
        case "mlp":
            widths = [workload.input_shape[0], *workload.sizes["hidden"], CLASSES]
            layers: list[nn.Module] = []
            for inputs, units in pairwise(widths):
                layers += [nn.Linear(inputs, units), nn.ReLU()]
            model: nn.Module = nn.Sequential(*layers[:-1])
            values = [weight.T if weight.ndim == 2 else weight for weight in weights]
        case "cnn":
            model = nn.Sequential(
                nn.Conv2d(1, 32, 3),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(5 * 5 * 64, CLASSES),
            )
            kernel_1, bias_1, kernel_2, bias_2, kernel, bias = weights
            # Rows of the dense kernel go from height, width, channel to channel, height, width.
            kernel = kernel.reshape(5, 5, 64, CLASSES).permute(3, 2, 0, 1).reshape(CLASSES, -1)
            values = [kernel_1.permute(3, 2, 0, 1), bias_1, kernel_2.permute(3, 2, 0, 1), bias_2, kernel, bias]
        case "lstm":
            model = LastStepLSTM(features=32, units=64)
            kernel, recurrent, bias, dense_kernel, dense_bias = weights
            values = [kernel.T, recurrent.T, bias, torch.zeros_like(bias), dense_kernel.T, dense_bias]
        case kind:
            raise ValueError(f"no torch model for the kind {kind!r}")
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(value)
    return model


def build(workload: Workload) -> TorchPeer:
    """The workload's model in PyTorch."""
    return TorchPeer(workload)
