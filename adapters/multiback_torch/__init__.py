"""The PyTorch backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin

adapter = Plugin(
    name="torch",
    module="multiback_torch.runtime",
    requires=("torch",),
    native=("torch",),
    install="pip install 'multiback[torch]'",
    distributions=("torch",),
    priority=20,
)
