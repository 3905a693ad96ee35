"""Python source of functions together with all definitions that they use, so that it stands alone."""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from multiback.errors import AdapterError


class Inlined:
    """Functions gathered with the definitions that they need.

    Arguments:
        taken: Names that the script defines itself, such as those of the framework's modules.
        libraries: Packages that the script may import; definitions of all other modules are copied into it.
        provided: Names of ours that the script defines in its own way.
    """

    def __init__(self, taken: Collection[str], libraries: Collection[str], provided: Collection[str] = ()) -> None:
        self.libraries = {"numpy", *libraries, *sys.stdlib_module_names}
        self.taken = {"np", *taken, *provided}
        self.provided = frozenset(provided)
        self.imports: dict[str, None] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._texts: list[str] = []

    def add(self, name: str, thing: Any) -> None:
        """Makes `name` stand for a function, wherever it is defined."""
        original = inspect.unwrap(thing)
        module = sys.modules.get(getattr(original, "__module__", None) or "")
        if module is None or self._is_library(module.__name__):
            self._texts.append(f"{name} = {_library_name(original)}")
            return
        self.taken.add(name)
        node = _definition(module, original)
        if isinstance(node, ast.FunctionDef) and node in _bindings(module).get(node.name, ()) and node.name != "_":
            known = self._define(module, node.name, name)
            if known != name:
                self._texts.append(f"{name} = {known}")
        elif isinstance(node, ast.FunctionDef):
            self._texts.append(self._copied(node, module, name))
        else:
            self._texts.append(f"{name} = {self._copied(node, module)}")

    def text(self) -> str:
        """The definitions, each after those it needs."""
        return "".join(f"\n{text}\n" for text in self._texts)

    def _is_library(self, module: str) -> bool:
        return module.partition(".")[0] in self.libraries

    def _define(self, module: ModuleType, name: str, wanted: str = "") -> str:
        """Writes what a name of a module stands for, once; returns its name in the script."""
        if (module.__name__, name) in self._names:
            return self._names[module.__name__, name]
        statements = _bindings(module)[name]
        if isinstance(statements[0], ast.Import | ast.ImportFrom):
            found = self._imported(statements[0], name)
            self._names[module.__name__, name] = found
            return found
        chosen, n = wanted or name, 1
        while not wanted and chosen in self.taken:
            n += 1
            chosen = f"{name}_{n}"
        self.taken.add(chosen)
        self._names[module.__name__, name] = chosen
        self._texts += [self._copied(statement, module, chosen) for statement in statements]
        return chosen

    def _imported(self, statement: ast.Import | ast.ImportFrom, name: str) -> str:
        alias = next(a for a in statement.names if (a.asname or a.name.partition(".")[0]) == name)
        if isinstance(statement, ast.Import):
            self.imports[ast.unparse(ast.Import([alias]))] = None
            return name
        if self._is_library(str(statement.module)):
            self.imports[ast.unparse(ast.ImportFrom(statement.module, [alias], 0))] = None
            return name
        source = importlib.import_module(str(statement.module))
        if alias.name not in _bindings(source):
            raise AdapterError(f"{statement.module}.{alias.name} cannot be written into a script of its own.")
        return self._define(source, alias.name)

    def _copied(self, node: Any, module: ModuleType, name: str = "") -> str:
        """A node's source with the script's names, without annotations, docstrings and decorators of ours."""
        node = copy.deepcopy(node)
        for part in [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)]:
            part.decorator_list = [d for d in part.decorator_list if not self._is_ours(d, module)]
            if len(part.body) > 1 and ast.get_docstring(part) is not None:
                part.body = part.body[1:]
            if isinstance(part, ast.FunctionDef):
                part.returns = None
        for annotated in [n for n in ast.walk(node) if isinstance(n, ast.arg | ast.AnnAssign)]:
            annotated.annotation = ast.Constant(None) if isinstance(annotated, ast.AnnAssign) else None
        hidden = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        if isinstance(node, ast.FunctionDef) and name:
            hidden.discard(node.name)
        for reference in [n for n in ast.walk(node) if isinstance(n, ast.Name)]:
            if reference.id in _bindings(module) and reference.id not in hidden | self.provided:
                reference.id = self._define(module, reference.id)
        if isinstance(node, ast.FunctionDef):
            node.name = name or node.name
        return ast.unparse(node)

    def _is_ours(self, decorator: ast.expr, module: ModuleType) -> bool:
        """Whether a decorator is none of a library's."""
        statements = _bindings(module).get(_root(decorator), [])
        imported = [_module_of(s) for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]
        return bool(statements) and not any(map(self._is_library, imported))


@functools.cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


@functools.cache
def _bindings(module: ModuleType) -> dict[str, list[Any]]:
    """For each name of a module, the top-level statements that bind it or call a method of it."""
    found: dict[str, list[Any]] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.partition(".")[0], []).append(node)
        elif isinstance(node, ast.Assign):
            for name in [n for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]:
                found.setdefault(name.id, []).append(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _root(node.value.func) in found:
            found[_root(node.value.func)].append(node)
    return found


def _module_of(statement: ast.Import | ast.ImportFrom) -> str:
    return str(statement.module) if isinstance(statement, ast.ImportFrom) else statement.names[0].name


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _definition(module: ModuleType, function: Callable[..., Any]) -> Any:
    """The node that defines a function, found by its line."""
    line = function.__code__.co_firstlineno
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Lambda) and function.__name__ == "<lambda>" and node.lineno == line:
            return node
        if isinstance(node, ast.FunctionDef) and line in (node.lineno, *(d.lineno for d in node.decorator_list)):
            return node
    raise AdapterError(f"The source of {function!r} is not found in {module.__name__}.")


def _library_name(thing: Any) -> str:
    """How a function of NumPy is written in a script: `np.add`."""
    name = getattr(thing, "__name__", "")
    if (getattr(thing, "__module__", None) or "numpy").partition(".")[0] == "numpy" and name:
        return f"np.{name}"
    raise AdapterError(f"{thing!r} cannot be written into a script of its own.")
