"""Readable source: a model as one file that needs only its framework."""

from multiback.porting.source.file import Source, write, write_graph
from multiback.porting.source.target import Target
from multiback.porting.source.writing import write_source

__all__ = ["Source", "Target", "write", "write_graph", "write_source"]
