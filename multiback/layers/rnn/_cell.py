"""What recurrent cells share: sizes, initial states, dropout that is the same at every step."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from multiback import initializers, ops
from multiback.layers._arguments import described, positive, resolve, within
from multiback.layers._layer import Layer


class RecurrentCell(Layer):
    """One step of a recurrent layer: `call(inputs, states)` gives the output and the new states.

    Attributes:
        units: Size of the output and of each state.
        gates: How many blocks of `units` columns the kernels have.
    """

    activation: Any
    gates: ClassVar[int] = 1
    _config: ClassVar[tuple[str, ...]] = (
        "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer",
        "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint",
        "bias_constraint", "dropout", "recurrent_dropout", "seed",
    )  # fmt: skip

    def __init__(
        self,
        *,
        units: int,
        use_bias: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        activation: Any,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self.units = positive(self, "units", units)
        self.use_bias = use_bias
        self.dropout = within(self, "dropout", dropout, 0, 1)
        self.recurrent_dropout = within(self, "recurrent_dropout", recurrent_dropout, 0, 1)
        self.seed = seed
        resolve(
            self,
            activation=activation,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
        )

    @property
    def state_size(self) -> int | list[int]:
        """The size of the state, or of each."""
        return self.units

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for each state: (batch_size, units)."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]

    def build(self, input_shape: Any) -> None:
        columns = self.units * self.gates
        self.kernel = self._add("kernel", "kernel", (input_shape[-1], columns))
        self.recurrent_kernel = self._add("recurrent_kernel", "recurrent", (self.units, columns))
        self.bias = self._add("bias", "bias", self._bias_shape()) if self.use_bias else None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def _first_values(self, kind: str) -> Any:
        return getattr(self, f"{kind}_initializer")

    def _add(self, name: str, kind: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(
            shape=shape,
            initializer=self._first_values(kind),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
            name=name,
        )

    # ---- dropout: the key of a draw does not depend on the step in time, so every step drops the same elements

    def dropped_inputs(self, x: Any, training: bool | None) -> list[Any]:
        """The inputs of each gate; with recurrent dropout each gate has a mask of its own, otherwise they share one."""
        if not training or not self.dropout:
            return [x]
        return self._dropped(x, self.dropout, "inputs", self.gates if self.recurrent_dropout else 1)

    def dropped_sequence(self, x: Any, training: bool | None) -> Any:
        """Whole sequences (batch, steps, features), as `dropped_inputs` drops each step without recurrent dropout."""
        if not training or not self.dropout:
            return x
        return ops.dropout(x, self._random_key(seed=self.seed, salt="inputs_0"), self.dropout, (None, 1, None))

    def dropped_state(self, h: Any, training: bool | None) -> list[Any]:
        """The previous output as each gate sees it."""
        if not training or not self.recurrent_dropout:
            return [h]
        return self._dropped(h, self.recurrent_dropout, "state", self.gates)

    def _dropped(self, x: Any, rate: float, what: str, count: int) -> list[Any]:
        keys = [self._random_key(seed=self.seed, salt=f"{what}_{i}") for i in range(count)]
        return [ops.dropout(x, key, rate) for key in keys]

    def project(self, parts: list[Any], kernel: Any) -> Any:
        """Inputs or states times a kernel, whose blocks of columns belong to the gates."""
        if len(parts) == 1:
            return ops.matmul(parts[0], kernel)
        blocks = ops.split(kernel, len(parts), axis=-1)
        return ops.concatenate([ops.matmul(x, block) for x, block in zip(parts, blocks)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, *self._config)}


def ones_in_block(initializer: Any, start: int, stop: int) -> Any:
    """An initializer like this one, but with ones from `start` to `stop`."""

    def initialize(shape: Any, dtype: Any = None, key: Any = None) -> np.ndarray:
        drawn = isinstance(initializer, initializers.RandomInitializer)
        values = np.array(initializer(shape, dtype=dtype, key=key) if drawn else initializer(shape, dtype=dtype))
        values[start:stop] = 1
        return values

    return initialize
