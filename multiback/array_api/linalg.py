"""The extension `linalg` of the array API standard."""

from multiback.array_api.functions import build
from multiback.array_api.signatures import LINALG

globals().update(build(LINALG))
__all__ = list(LINALG)
