"""The extension `fft` of the array API standard."""

from multiback.array_api import fourier
from multiback.array_api.functions import build
from multiback.array_api.signatures import FFT, FREQUENCIES

globals().update(build(FREQUENCIES, needs_array=False, meanings=fourier))
globals().update(build(FFT, meanings=fourier))
__all__ = [*FREQUENCIES, *FFT]
