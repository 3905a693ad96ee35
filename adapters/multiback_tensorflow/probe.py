"""Looks into TensorFlow's own callables."""

from __future__ import annotations

from multiback.backends.probe import Probe, Script


class TensorFlowProbe(Probe):
    """Looks into modules and functions of TensorFlow."""

    script = Script(
        "import tensorflow as tf",
        array="tf.cast({x}, {dtype})",
        state="tf.Variable({x})",
        host="np.asarray({x}, np.float64)",
        function="tf.function({f}, autograph=False)",
    )
