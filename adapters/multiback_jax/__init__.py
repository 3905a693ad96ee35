"""The JAX backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin
from multiback.porting.porter import Porter

adapter = Plugin(
    name="jax",
    module="multiback_jax.runtime",
    requires=("jax",),
    native=("jax", "jaxlib"),
    install="pip install 'multiback[jax]'",
    distributions=("jax", "jaxlib"),
    priority=30,
)

porter = Porter(
    name="jax",
    importer="multiback_jax.importer",
    exporter="multiback_jax.exporter",
    requires=("jax",),
    install="pip install 'multiback[jax]'",
)
