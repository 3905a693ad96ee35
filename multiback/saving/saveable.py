"""What a model can do with files and configurations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from multiback.errors import ArgumentError
from multiback.saving import strict_json
from multiback.saving.model_files import model_config, save_model
from multiback.saving.registry import deserialize, serialize
from multiback.saving.weight_files import load_weights, save_weights


class Saveable:
    """Mixin with the saving methods of models."""

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Saves the model, weights, optimizer and place in training in a `.keras` file; see `save_model`."""
        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Saves weights and optimizer state in a `.weights.h5` file; see `multiback.saving.save_weights`."""
        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Loads weights from a `.weights.h5` or `.keras` file; see `multiback.saving.load_weights`."""
        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The configuration of the model as JSON; `model_from_json` makes the model again, with new weights.

        Arguments:
            kwargs: For `json.dumps`, such as `indent=2`.
        """
        return strict_json.dumps(model_config(self), f"The configuration of model {self.name!r}", **kwargs)  # type: ignore[attr-defined]

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, as JSON types; empty before."""
        given = self._compile_arguments  # type: ignore[attr-defined]
        if given is None:
            return {}
        from multiback.optimizers import LossScaleOptimizer

        optimizer, options = self.optimizer, {}  # type: ignore[attr-defined]
        scaled = isinstance(optimizer, LossScaleOptimizer)
        if scaled and not isinstance(given["optimizer"], LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer
        elif optimizer is not None and not scaled and self.dtype_policy.name == "mixed_float16":  # type: ignore[attr-defined]
            options["auto_scale_loss"] = False
        if self.on_nonfinite != "continue":  # type: ignore[attr-defined]
            options["on_nonfinite"] = self.on_nonfinite  # type: ignore[attr-defined]
        return {**{k: serialize(v) for k, v in given.items()}, "optimizer": serialize(optimizer), **options}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles as `get_compile_config` says, and makes the optimizer's variables.

        Warns instead if the class has a `compile` method of its own, whose arguments nobody else knows.
        """
        from multiback.training.trainer import Trainer

        if type(self).compile is not Trainer.compile:  # type: ignore[attr-defined]
            warnings.warn(
                f"{type(self).__name__} has its own compile() and was not compiled. Call compile(), or give the class "
                "get_compile_config() and compile_from_config().",
                stacklevel=2,
            )
            return
        try:
            self.compile(**deserialize(config))  # type: ignore[attr-defined]
        except TypeError as error:
            raise ArgumentError(f"Model {self.name!r} cannot be compiled as configured: {error}") from error  # type: ignore[attr-defined]
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]
