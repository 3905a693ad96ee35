"""Where the extreme elements are."""

LOWER = {
    "argmax": "jnp.argmax({x:array}, {axis}, keepdims={keepdims}).astype(jnp.int32)",
}
