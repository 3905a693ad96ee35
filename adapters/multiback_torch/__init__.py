"""The PyTorch backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin
from multiback.porting.porter import Porter

adapter = Plugin(
    name="torch",
    module="multiback_torch.runtime",
    requires=("torch",),
    native=("torch",),
    install="pip install 'multiback[torch]'",
    distributions=("torch",),
    priority=20,
)

porter = Porter(
    name="torch",
    importer="multiback_torch.importer",
    exporter="multiback_torch.exporter",
    layouts="multiback_torch._layouts",
    requires=("torch",),
    install="pip install 'multiback[torch]'",
)
