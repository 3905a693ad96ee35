"""The PyTensor backend; importing this imports no framework."""

from multiback.backends import Plugin

adapter = Plugin(
    name="pytensor",
    module="multiback_pytensor.runtime",
    requires=("pytensor",),
    native=("pytensor",),
    install="pip install multiback-pytensor",
    distributions=("pytensor",),
    priority=-1,
)
