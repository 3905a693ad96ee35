"""The training loop, the optimizer and the losses in PyTorch."""

import math
import os

import numpy as np
import torch
from torch.nn import functional
from workloads import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Workload, arrays, named_weights

from peers.native_torch import attention, convolutional, dense, images, recurrent, tables
from peers.native_torch.weights import load

torch.set_num_threads(1)
torch.set_num_interop_threads(1)

TUNED = os.environ.get("BENCHMARK_TUNED") == "1"
MODELS = {
    **dense.MODELS,
    **convolutional.MODELS,
    **recurrent.MODELS,
    **attention.MODELS,
    **images.MODELS,
    **tables.MODELS,
}


class TorchPeer:
    def __init__(self, workload: Workload):
        self._batch, self._task = workload.batch, workload.task
        self._model = MODELS[workload.kind](workload)
        load(self._model, named_weights(workload))
        if TUNED:
            self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a documented form
        inputs, y = arrays(workload)
        self._inputs = [self._native(x) for x in inputs]
        self._y = self._native(y)
        self._optimizer = torch.optim.Adam(
            self._model.parameters(), lr=LEARNING_RATE, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True
        )
        self._rng = np.random.default_rng(0)
        self._loss = float("nan")

    def _native(self, values: Array) -> Array:
        """Integers as int64; channels before space, where the model has a space, and mirrored where it is."""
        if values.dtype == np.int32:
            return values.astype(np.int64)
        space = getattr(self._model, "space", 0)
        if not space:
            return values
        if getattr(self._model, "mirrored", False):
            values = np.flip(values, tuple(range(1, 1 + space)))
        return np.ascontiguousarray(np.moveaxis(values, -1, 1))

    def train(self, n_steps: int) -> None:
        batch = self._batch
        self._model.train()
        order = self._rng.permutation(n_steps * batch)
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            inputs, y = [torch.from_numpy(x[rows]) for x in self._inputs], torch.from_numpy(self._y[rows])
            outputs = self._model(*inputs)
            loss = self._objective(outputs, y)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            loss_sum += loss.detach()
            if self._task != "images":
                correct += self._hits(outputs.detach(), y)
        self._loss = loss_sum.item() / n_steps
        self.accuracy = correct.item() / len(order) / math.prod(self._y.shape[1:])

    def _objective(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        match self._task:
            case "classes":
                return functional.cross_entropy(outputs, y)
            case "tokens":
                return functional.cross_entropy(outputs.flatten(0, 1), y.flatten())
            case "clicks":
                return functional.binary_cross_entropy_with_logits(outputs, y)
            case "images":
                return functional.mse_loss(outputs, y)

    def _hits(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found = outputs > 0 if self._task == "clicks" else outputs.argmax(-1)
        return (found == y).sum()

    @torch.inference_mode()
    def predict(self, n_batches: int) -> Array:
        self._model.eval()
        batch = self._batch
        outputs = [
            self._model(*(torch.from_numpy(x[start : start + batch]) for x in self._inputs))
            for start in range(0, n_batches * batch, batch)
        ]
        joined = torch.cat(outputs).numpy()
        return np.moveaxis(joined, 1, -1) if self._task == "images" else joined

    def loss(self) -> float:
        return self._loss

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self._model.parameters())

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__}
