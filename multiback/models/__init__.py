"""Models: sequential, functional and subclassed; making them from files, configurations and one another."""

from __future__ import annotations

from multiback.models.cloning import clone_model
from multiback.models.functional import Functional
from multiback.models.model import Model
from multiback.models.sequential import Sequential
from multiback.saving.model_files import load_model, model_from_json, save_model

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
