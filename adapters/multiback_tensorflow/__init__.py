"""The TensorFlow backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin
from multiback.porting.porter import Porter

adapter = Plugin(
    name="tensorflow",
    module="multiback_tensorflow.runtime",
    requires=("tensorflow",),
    native=("tensorflow",),
    install="pip install 'multiback[tensorflow]'",
    distributions=("tensorflow", "tensorflow-cpu"),
    priority=10,
)

porter = Porter(
    name="tensorflow",
    importer="multiback_tensorflow.importer",
    exporter="multiback_tensorflow.exporter",
    requires=("tensorflow",),
    install="pip install 'multiback[tensorflow]'",
)
