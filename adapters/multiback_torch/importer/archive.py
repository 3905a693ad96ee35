"""Reads `.pt2` files."""

from __future__ import annotations

import os
from typing import Any

import torch


def read(path: str | os.PathLike[str]) -> Any:
    """The program in a file of `torch.export.save`."""
    return torch.export.load(path)
