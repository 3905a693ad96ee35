"""The discrete Fourier transform."""

import tensorflow as tf


def fourier_transform(x, *, inverse):
    return tf.signal.ifft(x) if inverse else tf.signal.fft(x)


LOWER = {"fourier_transform": fourier_transform}
