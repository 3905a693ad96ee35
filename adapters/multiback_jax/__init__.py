"""The JAX backend; importing this imports no framework."""

from multiback.backends.protocol import Plugin

adapter = Plugin(
    name="jax",
    module="multiback_jax.runtime",
    requires=("jax",),
    native=("jax", "jaxlib"),
    install="pip install 'multiback[jax]'",
    distributions=("jax", "jaxlib"),
    priority=30,
)
