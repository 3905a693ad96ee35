"""The discrete Fourier transform."""

import jax.numpy as jnp


def fourier_transform(x, *, inverse):
    return jnp.fft.ifft(x) if inverse else jnp.fft.fft(x)


LOWER = {"fourier_transform": fourier_transform}
