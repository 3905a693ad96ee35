"""Transformers in PyTorch, on scaled_dot_product_attention."""

import torch
from torch import nn
from torch.nn import functional
from workloads import NORM_EPSILON, Workload


class Positions(nn.Module):
    def __init__(self, length: int, width: int):
        super().__init__()
        self.positions = nn.Parameter(torch.empty(length, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.positions


class SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int, causal: bool):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        heads = self.project(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.output(y.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float, causal: bool):
        super().__init__()
        self.norm_1 = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.attention = SelfAttention(width, heads, causal)
        self.norm_2 = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.dense_1 = nn.Linear(width, 4 * width)
        self.dense_2 = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.dropout(self.attention(self.norm_1(x)))
        return x + self.dropout(self.dense_2(functional.gelu(self.dense_1(self.norm_2(x)))))


class Transformer(nn.Module):
    def __init__(self, workload: Workload):
        super().__init__()
        sizes, (length,) = workload.sizes, workload.input_shape
        width = sizes["width"]
        self.averaged = workload.task == "classes"
        self.tokens = nn.Embedding(workload.inputs[0].limits[0], width)
        self.positions = Positions(length, width)
        self.blocks = []
        for number in range(1, sizes["blocks"] + 1):
            self.blocks.append(Block(width, sizes["heads"], sizes["dropout"], sizes["causal"]))
            self.add_module(f"block_{number}", self.blocks[-1])
        self.norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.dense = nn.Linear(width, workload.outputs)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.positions(self.tokens(tokens))
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.dense(x.mean(1) if self.averaged else x)


MODELS = {"transformer": Transformer}
