"""The base of convolutional LSTM layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.layers._input_spec import InputSpec
from multiback.layers.rnn._conv_lstm_cell import ConvLSTMCell
from multiback.layers.rnn._whole import WholeSequence
from multiback.variables import Variable


class ConvLSTM(WholeSequence):
    """Long short-term memory over steps that are sequences, images or volumes."""

    cell: ConvLSTMCell

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.input_spec = InputSpec(ndim=self.cell.rank + 3)

    def _op_attributes(self) -> dict[str, Any] | None:
        return None

    def _state_variables(self, sizes: list[Any], batch: int) -> list[Any]:
        zeros = np.zeros((batch, *self.cell._state_shape))
        names = [f"{self.path}/rnn_state_{i}" for i in range(len(sizes))]
        return [
            Variable(zeros, dtype=self.variable_dtype, trainable=False, name="rnn_state", path=path) for path in names
        ]
