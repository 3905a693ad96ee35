"""The NumPy backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin
from multiback.porting.porter import Porter

adapter = Plugin(
    name="numpy",
    module="multiback_numpy.runtime",
    requires=("numpy",),
    native=("numpy",),
    install="pip install multiback",
    distributions=("numpy",),
    priority=0,
)

porter = Porter(
    name="numpy",
    exporter="multiback_numpy.exporter",
    requires=("numpy",),
)
