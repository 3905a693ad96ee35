"""A third-party backend, found by its entry point; importing this imports no framework."""

from multiback.backends import Plugin

adapter = Plugin(
    name="toy",
    module="multiback_toy.runtime",
    requires=("multiback_toy",),
    native=("multiback_toy",),
    install="pip install multiback-toy",
    distributions=("multiback-toy",),
    priority=-1,
)
