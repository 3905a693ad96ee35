"""Tiny random models of the `transformers` library, with what they are called on; transformers_zoo.toml lists them."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from typing import Any

import torch

_MASKED = {"input_ids": "tokens", "attention_mask": "mask"}
_LENGTH = 8


@dataclass(frozen=True)
class Architecture:
    """One model.

    Attributes:
        model: The class.
        config: Of its configuration class.
        inputs: For each argument a shape without the batch, or a kind and a length.
        trains: Whether it is exported in training mode too.
        refused: Why torch.export cannot follow it, if it cannot.
    """

    model: str
    config: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=lambda: _MASKED)
    trains: bool = False
    refused: str = ""


def _read() -> dict[str, Architecture]:
    with open(os.path.join(os.path.dirname(__file__), "transformers_zoo.toml"), "rb") as file:
        table = tomllib.load(file)
    found = {}
    for name, entry in table["architecture"].items():
        config = {**table["base"].get(entry.pop("base", ""), {}), **entry.pop("config", {})}
        found[name] = Architecture(config=config, **entry)
    return found


ARCHITECTURES = _read()


def build(name: str) -> torch.nn.Module:
    """The model with random weights, in evaluation."""
    import transformers

    architecture = ARCHITECTURES[name]
    kind = getattr(transformers, architecture.model)
    torch.manual_seed(0)
    config = kind.config_class(**architecture.config)
    config.use_cache = False
    return kind(config).eval()


def example(name: str, batch: int = 2) -> dict[str, torch.Tensor]:
    """Inputs by name for a batch: random tokens, and normal numbers of a shape."""
    generator = torch.Generator().manual_seed(batch)
    return {key: _made(kind, batch, generator) for key, kind in ARCHITECTURES[name].inputs.items()}


def _made(kind: Any, batch: int, generator: torch.Generator) -> torch.Tensor:
    what, *sizes = (kind, _LENGTH) if isinstance(kind, str) else kind
    if not isinstance(what, str):
        return torch.randn((batch, *kind), generator=generator)
    shape = (batch, *sizes)
    if what == "tokens":
        return torch.randint(3, 60, shape, generator=generator)
    if what == "boxes":
        return torch.sort(torch.randint(0, 30, (*shape, 4), generator=generator), -1)[0]
    if what == "positions":
        return torch.arange(sizes[0]).expand(shape).clone()
    if what == "mask":
        mask = torch.ones(shape, dtype=torch.int64)
        mask[0, -1] = 0
        return mask
    return torch.ones(shape) if what == "ones" else torch.zeros(shape, dtype=torch.int64)
