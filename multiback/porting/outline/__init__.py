"""The structure of a model: its graphs, for inference and for training, as one tree of blocks."""

from multiback.porting.outline.blocks import Block, Module, Statement, View
from multiback.porting.outline.forms import Program, merge
from multiback.porting.outline.tree import outline

__all__ = ["Block", "Module", "Program", "Statement", "View", "merge", "outline"]
