"""The NumPy backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin

adapter = Plugin(
    name="numpy",
    module="multiback_numpy.runtime",
    requires=("numpy",),
    native=("numpy",),
    install="pip install multiback",
    distributions=("numpy",),
    priority=0,
)
