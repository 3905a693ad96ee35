"""The PyTensor backend; importing this imports no framework."""

from multiback.backends import Plugin

adapter = Plugin(
    name="pytensor",
    module="multiback_pytensor.runtime",
    requires=("pytensor",),
    native=("pytensor",),
    install="pip install 'pytensor>=3.0,<4'",
    distributions=("pytensor",),
    priority=-1,
)
