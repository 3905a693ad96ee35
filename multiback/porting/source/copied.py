"""Functions copied into a file as they are written, with all definitions that they use."""

from __future__ import annotations

import ast
import copy
import inspect
import sys
from collections.abc import Collection
from types import ModuleType
from typing import Any

from multiback.testing.inline import Inlined, _bindings


class Copied(Inlined):
    """As `Inlined`, keeping the text as its author formatted it: comments, documentation and all."""

    def __init__(self, taken: Collection[str], libraries: Collection[str]) -> None:
        super().__init__(taken, libraries)
        self._sources: dict[ModuleType, list[str]] = {}

    def text(self) -> str:
        """The definitions, each after those it needs."""
        parts: list[str] = []
        last_simple = False
        for text in self._texts:
            simple = not text.startswith(("def ", "class ", "@"))
            parts.append(
                text
                if simple and last_simple
                else f"\n\n{text}"
                if not simple or not parts or not last_simple
                else text
            )
            last_simple = simple
        return "\n".join(parts)

    def add(self, name: str, thing: Any) -> None:
        """Makes `name` stand for a function or class, wherever it is defined."""
        module = sys.modules[inspect.unwrap(thing).__module__]
        if isinstance(thing, type):
            self._define(module, thing.__name__, name)
            return
        super().add(name, thing)

    def _copied(self, node: Any, module: ModuleType, name: str = "") -> str:
        edits: list[tuple[int, int, int, str]] = []
        hidden = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and name:
            hidden.discard(node.name)
        annotations = _annotations(node)
        for reference in [n for n in ast.walk(node) if isinstance(n, ast.Name) and n not in annotations]:
            if reference.id in _bindings(module) and reference.id not in hidden | self.provided:
                new = self._define(module, reference.id)
                if new != reference.id:
                    edits.append((reference.lineno, reference.col_offset, len(reference.id), new))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and name and name != node.name:
            start = "def " if isinstance(node, ast.FunctionDef) else "class "
            edits.append((node.lineno, node.col_offset + len(start), len(node.name), name))
        if any(isinstance(n, ast.arg) and n.annotation for n in ast.walk(node)) or getattr(node, "returns", None):
            return self._plain(node, module, name)
        return self._edited(node, module, edits)

    def _plain(self, node: Any, module: ModuleType, name: str) -> str:
        """Without annotations, whose names the file may not know."""
        return super()._copied(copy.deepcopy(node), module, name).replace("'", '"')

    def _edited(self, node: Any, module: ModuleType, edits: list[tuple[int, int, int, str]]) -> str:
        if module not in self._sources:
            self._sources[module] = inspect.getsource(module).splitlines()
        lines = list(self._sources[module])
        for line, column, length, new in sorted(edits, reverse=True):
            text = lines[line - 1]
            lines[line - 1] = text[:column] + new + text[column + length :]
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        part = lines[first - 1 : node.end_lineno]
        if isinstance(node, ast.Lambda):
            return "\n".join(part)[node.col_offset :]
        return "\n".join(part)


def _annotations(node: ast.AST) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for part in ast.walk(node):
        for annotation in (getattr(part, "annotation", None), getattr(part, "returns", None)):
            if isinstance(annotation, ast.AST):
                found.update(ast.walk(annotation))
    return found
