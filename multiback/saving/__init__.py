"""Configurations and files: a closed registry of classes, `.keras` archives and weights, with Keras's names."""

from __future__ import annotations

from multiback.saving.model_files import load_model, save_model
from multiback.saving.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from multiback.saving.registry import custom_object_scope as CustomObjectScope
from multiback.saving.registry import deserialize as deserialize_keras_object
from multiback.saving.registry import serialize as serialize_keras_object
from multiback.saving.weight_files import load_weights, save_weights

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
