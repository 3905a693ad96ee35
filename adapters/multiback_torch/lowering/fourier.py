"""The discrete Fourier transform."""

import torch


def fourier_transform(x, *, inverse):
    return torch.fft.ifft(x) if inverse else torch.fft.fft(x)


LOWER = {"fourier_transform": fourier_transform}
