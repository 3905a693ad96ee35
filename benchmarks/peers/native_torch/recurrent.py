"""Recurrent classifiers in PyTorch. nn.LSTM adds two biases to its gates where the others have one."""

import torch
from torch import nn
from workloads import Workload


class LastStateLSTM(nn.Module):
    def __init__(self, workload: Workload):
        super().__init__()
        units = workload.sizes["units"]
        self.lstm = nn.LSTM(workload.input_shape[1], units, batch_first=True)
        self.dense = nn.Linear(units, workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(x)
        return self.dense(outputs[:, -1])


class EmbeddingLSTM(nn.Module):
    def __init__(self, workload: Workload):
        super().__init__()
        vocabulary, width = dict(workload.weights)["tokens/embeddings"]
        units = workload.sizes["units"]
        self.tokens = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, units, batch_first=True)
        self.dense = nn.Linear(units, workload.outputs)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(self.tokens(tokens))
        return self.dense(outputs[:, -1])


class LastStateGRU(nn.Module):
    def __init__(self, workload: Workload):
        super().__init__()
        units = workload.sizes["units"]
        self.gru = nn.GRU(workload.input_shape[1], units, batch_first=True)
        self.dense = nn.Linear(units, workload.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.gru(x)
        return self.dense(outputs[:, -1])


MODELS = {"lstm": LastStateLSTM, "embedding-lstm": EmbeddingLSTM, "gru": LastStateGRU}
