"""Readable source: a model as one file that needs only its framework."""

from multiback.porting.source.file import Source, write
from multiback.porting.source.target import Target

__all__ = ["Source", "Target", "write"]
