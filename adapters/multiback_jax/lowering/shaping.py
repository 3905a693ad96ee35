"""Shapes, order of axes, joining and padding."""

import jax.numpy as jnp


def constant_pad(x, *, pad_width, value):
    return jnp.pad(x, pad_width, constant_values=value) if pad_width else x


LOWER = {
    "reshape": "jnp.reshape({x:array}, {newshape})",
    "transpose": "jnp.transpose({x}, {axes})",
    "broadcast_to": "jnp.broadcast_to({x:array}, {shape})",
    "concatenate": "jnp.concatenate({xs}, {axis})",
    "flip": "jnp.flip({x}, {axis})",
    "constant_pad": constant_pad,
}
