"""The TensorFlow backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin

adapter = Plugin(
    name="tensorflow",
    module="multiback_tensorflow.runtime",
    requires=("tensorflow",),
    native=("tensorflow",),
    install="pip install 'multiback[tensorflow]'",
    distributions=("tensorflow", "tensorflow-cpu"),
    priority=10,
)
