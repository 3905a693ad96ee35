"""Order."""

LOWER = {"argsort": "jnp.argsort({x}, {axis}, stable=True).astype(jnp.int32)"}
