"""A model as the text of one file."""

from __future__ import annotations

import dataclasses
import keyword
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.graph import passes
from multiback.graph.ir import Graph, Literal, Value
from multiback.porting import structure
from multiback.porting.forward import ForwardGraph, forward_graph
from multiback.porting.outline.blocks import Block, Module, Path, View
from multiback.porting.outline.flattening import flatten
from multiback.porting.outline.forms import Program, merge
from multiback.porting.outline.placing import Places, place, prune, restore, settle
from multiback.porting.outline.preparing import prepare
from multiback.porting.outline.renaming import local_names
from multiback.porting.outline.tree import outline
from multiback.porting.source import naming
from multiback.porting.source.body import Body, Context
from multiback.porting.source.classes import Written, share
from multiback.porting.source.copied import Copied
from multiback.porting.source.expressions import Expressions, quoted
from multiback.porting.source.formatting import wrapped
from multiback.porting.source.target import Target
from multiback.porting.source.unsupported import refuse_unsupported

SMALL = 64
"""Elements of a constant that is written into the source; larger ones are stored with the weights."""


@dataclass
class Source:
    """A model's source.

    Attributes:
        text: The file.
        name: Of the class or function that is the model.
        arrays: What the file of weights holds, by the names that the source gives them.
        ties: Names of weights that are the same as others, by name.
        views: What each of them is of the model's own weight.
        origin: The model's own name of each of these; "" for a constant.
        trainable: Which of them are trained.
        inputs: The names of the arguments.
    """

    text: str
    name: str
    arrays: dict[str, np.ndarray]
    origin: dict[str, str]
    trainable: dict[str, bool]
    inputs: list[str] = field(default_factory=list)
    ties: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    def original(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays by the source's names and in its layouts, such as gradients, by the model's names and in its own."""
        return {self.origin[name]: self.views[name].undone(array) for name, array in arrays.items()}


def write(
    model: Any,
    target: Target,
    *,
    training: bool = True,
    weights: str = "model.safetensors",
    about: str = "",
    float64: bool = False,
    training_step: bool = False,
) -> Source:
    """The source of a model.

    Arguments:
        model: Built.
        target: The framework.
        training: Whether the form for training is written too.
        weights: The name of the file that holds the weights, for the function that loads them.
        about: Put into the first line of the file's documentation.
        float64: Whether all floats are computed in float64, whatever the model's are.
        training_step: Whether to write the training step of a compiled model too.

    Raises:
        UnsupportedModel: if the model has ops that the target cannot write, all of them named.
        ArgumentError: for the training step of a model that is not compiled, or with a loss or optimizer that the
            target cannot write.
    """
    forms = {False: forward_graph(model, False)}
    if training and target.trains:
        forms[True] = forward_graph(model, True)
    refuse_unsupported([form.graph for form in forms.values()], target, model.name)
    if float64:
        forms = {k: dataclasses.replace(form, graph=passes.widen(form.graph)) for k, form in forms.items()}
    step = target.training_step(model) if training_step else []
    return _File(model, target, forms, weights, about, step).source()


def write_graph(graph: Graph, target: Target) -> Source:
    """The source of a graph without state, called on its inputs; the results are returned as a tuple."""
    inputs = tuple(v.name or f"x_{i}" for i, v in enumerate(graph.inputs))
    results = {"tuple": [{"array": i} for i in range(len(graph.outputs))]}
    args = {"tuple": [{"array": i} for i in range(len(inputs))]}
    form = ForwardGraph(graph, (), (), inputs, args, {"dict": {}}, results)
    model = types.SimpleNamespace(name=graph.name, recorded=None)
    return _File(model, target, {False: form}, "model.safetensors", "", []).source()


class _File:
    def __init__(
        self,
        model: Any,
        target: Target,
        forms: Mapping[bool, ForwardGraph],
        weights: str,
        about: str,
        step: Sequence[str],
    ) -> None:
        self.model = model
        self.target = target
        self.forms = forms
        self.weights_file = weights
        self.about = about
        self.step = step
        self.exact = getattr(model, "recorded", None) is not None
        self.arrays: dict[Value, Any] = {}
        self.trainable: dict[Value, bool] = {}
        self.origin: dict[Value, str] = {}
        self.fixed: dict[Value, np.ndarray] = {}
        trained = {id(v) for v in getattr(model, "trainable_variables", ())}
        self.frozen = {id(v) for v in getattr(model, "variables", ()) if id(v) not in trained}
        recorded = getattr(model, "recorded", None)
        self.aliases = {name: others for name, *_, others in recorded.weights} if recorded is not None else {}
        self.ties: dict[str, str] = {}
        self.views: dict[str, View] = {}
        self.ranks = {name: i for i, (name, *_) in enumerate(recorded.weights)} if recorded is not None else {}

    def source(self) -> Source:
        program = self._program()
        self.target.idioms(program, self.trainable)
        self._store_constants(program)
        prune(program, sure=False)
        aliases = {v: self.aliases.get(self.origin.get(v, ""), ()) for v in program.state.values()}
        places = Places(program.state, {s.scope for s in program.statements}, self.exact, aliases)
        classes = self._classes()
        if not self.exact:
            classes = self._renamed(program, places, classes)
        place(program, places)
        dropped = prune(program)
        held = frozenset([*program.state.values()])
        flatten(program.statements, held)
        settle(program.statements, self.exact)
        restore(program, dropped)
        root = outline(program, places, classes)
        helpers: dict[str, Any] = {}
        definitions, written = self._blocks(root, program, places, helpers)
        return self._assembled(definitions, written, root, places, helpers)

    # ---- from graphs to blocks

    def _program(self) -> Program:
        graphs: dict[bool, Graph] = {}
        for form, forward in self.forms.items():
            graph = forward.graph
            for name, value, variable in zip(forward.names, graph.inputs, forward.variables):
                value.name = name
                if not any(self.origin.get(v) == name for v in self.origin):
                    self.origin[value] = name
                    self.arrays[value] = variable  # read when it is needed
                    self.trainable[value] = bool(variable.trainable)
            prepared = prepare(
                graph,
                self.target.keeps,
                channels_first=self.target.channels_first,
                native_random=self.target.native_random,
            )
            graphs[form] = self.target.rewrite(prepared)
        program = merge(graphs)
        by_name = {name: value for value, name in self.origin.items()}
        for name, value in program.state.items():
            known = by_name[name]
            self.origin[value], self.arrays[value] = name, self.arrays[known]
            self.trainable[value] = self.trainable[known]
        return program

    def _store_constants(self, program: Program) -> None:
        """Gives large constants a name and a place, as weights that are not trained."""
        used: dict[Value, list[Path]] = {}
        for s in program.statements:
            for v in s.reads:
                if v in program.constants:
                    used.setdefault(v, []).append(s.scope)
        for n, (value, scopes) in enumerate(used.items()):
            array = program.constants[value]
            if array.size <= 1 or (array.size <= SMALL and not self.target.keeps_constants):
                continue
            path = scopes[0] if len(set(scopes)) == 1 else ()
            name = "/".join([*path, f"constant_{n}" if n else "constant"])
            program.state[name] = value
            del program.constants[value]
            self.trainable[value], self.origin[value] = False, ""
            if array.size <= SMALL:
                self.fixed[value] = array
            else:
                self.arrays[value] = array

    def _classes(self) -> dict[Path, str]:
        found: dict[Path, str] = {}
        for forward in self.forms.values():
            for scope, name in forward.classes.items():
                found[tuple(p for p in scope.split("/") if p)] = name
        own = found.get((), "")
        if own in _GENERAL:
            plain = re.fullmatch(r"(sequential|functional|model)(_\d+)?", self.model.name)
            found[()] = "Model" if plain else naming.camel(self.model.name)
        return found

    def _renamed(self, program: Program, places: Places, classes: dict[Path, str]) -> dict[Path, str]:
        """Counts the automatic names of layers from their block; the classes by the new paths."""
        scopes = {s.scope for s in program.statements} | {path[:-1] for path in places.paths.values()}
        new = local_names(scopes, classes)
        for statement in program.statements:
            statement.scope = new[statement.scope]
        places.paths = {v: (*new[path[:-1]], path[-1]) for v, path in places.paths.items()}
        by_name = {path[-1]: kind for path, kind in classes.items() if path}
        return {**classes, **{new[p]: classes.get(p) or by_name.get(p[-1], "") for p in new if p}}

    def _blocks(
        self, root: Block, program: Program, places: Places, helpers: dict[str, Any]
    ) -> tuple[list[Written], dict[Block, Written]]:
        """The definitions, children first, and each block's text."""
        paths = dict(places.paths)
        for block in root.walk():
            for child in block.children.values():
                if isinstance(child, Module):
                    for parameter, view in child.weights.items():
                        if parameter not in child.ties:
                            paths[view.weight] = (*child.path, parameter)
        self.paths = paths
        forward = next(iter(self.forms.values()))
        labels = dict(zip(program.arguments, argument_names(forward.inputs)))
        context = Context(
            self.target, Expressions(self.target, helpers), paths, self.trainable, program.constants, labels=labels
        )
        definitions: list[Written] = []
        names: dict[str, str] = {}
        for level in _levels(root):
            writtens = [self._written(block, context) for block in level if not _is_list(block)]
            definitions += share(writtens, names, self.target)
        return definitions, context.written

    def _written(self, block: Block, context: Context) -> Written:
        results = self._results if not block.path else None
        body = Body(block, context, results)
        parameters, lines = body.write()
        kind = block.name if block.path and block.kind in _GENERAL else block.kind
        base = naming.camel(kind or self.model.name)
        if block.name.isdigit() and not block.kind:
            base = naming.camel(naming.snake(block.path[-2]).rstrip("s") or "block")
        base = self.target.definition_name(base, not block.path)
        base = f"{base}_" if keyword.iskeyword(base) else base
        inputs = [(n, str(v.spec)) for n, v in zip(parameters, block.inputs)]
        outputs = [str(v.spec) for v in block.outputs]
        members, weights = self._members(block, context)
        written = Written(block, base, parameters, members, weights, lines, inputs, outputs)
        if not block.path:
            written.ties = _ties(block)
        context.written[block] = written
        return written

    def _members(self, block: Block, context: Context) -> tuple[list[tuple[str, str]], dict[str, bool]]:
        members: list[tuple[str, str]] = []
        weights: dict[str, bool] = {}
        for name, value in sorted(block.own.items(), key=lambda item: self.ranks.get(self.origin.get(item[1], ""), 0)):
            weights[name] = self.trainable[value]
            members.append((name, self.target.weight(value, self.trainable[value], self.fixed.get(value))))
        for name in self._in_order(block):
            members.append((name, self._made(block.children[name], context)))
        return members, weights

    def _in_order(self, block: Block) -> list[str]:
        """The names of the children as the original has them, or in the order in which they are called."""
        order: dict[str, int] = {}
        if self.exact:
            for value, path in self.paths.items():
                if path[: len(block.path)] == block.path and len(path) > len(block.path) + 1:
                    name, rank = path[len(block.path)], self.ranks.get(self.origin.get(value, ""), 0)
                    order[name] = min(rank, order.get(name, rank))
        last = max(order.values(), default=0) + 1
        for number, s in enumerate(block.statements, last):
            path = s.block.path if s.block is not None else s.module.path if s.module is not None else ()
            if len(path) > len(block.path):
                order.setdefault(path[len(block.path)], number)
        return sorted(block.children, key=lambda n: (order.get(n, 10**9), int(n) if n.isdigit() else 0))

    def _made(self, child: Block | Module, context: Context) -> str:
        if isinstance(child, Module):
            return self.target.module(child)
        if not _is_list(child):
            return context.written[child].made
        count = 1 + max(map(int, child.children))
        made = {int(n): self._made(item, context) for n, item in child.children.items()}
        # What does nothing leaves no trace in a graph, but it counts.
        items = [made.get(i, self.target.nothing) for i in range(count)]
        return self.target.sequence(items, child.path in context.chained)

    def _results(self, texts: list[str]) -> str:
        """The results nested as the model returns them."""
        return _nested(next(iter(self.forms.values())).results, texts)

    # ---- from blocks to a file

    def _assembled(
        self,
        definitions: Sequence[Written],
        written: Mapping[Block, Written],
        root: Block,
        places: Places,
        helpers: dict[str, Any],
    ) -> Source:
        main = written[root]
        text: list[str] = []
        for definition in definitions:
            lines = [part for line in self.target.definition(definition) for part in wrapped(line)]
            text += ["", "", *lines]
        lines = [*self.target.closing(main, self.weights_file), *self.step]
        closing = [part for line in lines for part in wrapped(line)]
        copied = Copied(self.target.imports, self.target.libraries)
        body = "\n".join([*text, *closing])
        for name, helper in self.target.helpers(body, helpers).items():
            copied.add(name, helper)
        support = copied.text()
        whole = f"{support}\n{body}"
        imports = _imports(whole, self.target.imports, copied.imports)
        header = self._documentation(main)
        pieces = [*header, "", *imports]
        if support:
            pieces.append(support.rstrip("\n"))
        pieces += [*text, *closing]
        return Source(
            re.sub(r"\n{4,}", "\n\n\n", "\n".join(pieces)).rstrip("\n") + "\n",
            main.name,
            *self._stored(root),
            argument_names(next(iter(self.forms.values())).inputs),
            self.ties,
            self.views,
        )

    def _documentation(self, main: Written) -> list[str]:
        title = self.about or f"{self.model.name}: a model of {_count(self.arrays, self.trainable)} weights."
        return [f'"""{title}"""']

    def _stored(self, root: Block) -> tuple[dict[str, np.ndarray], dict[str, str], dict[str, bool]]:
        """What the source's weights are: arrays by their names in it, in its layout."""
        arrays: dict[str, np.ndarray] = {}
        origin: dict[str, str] = {}
        trainable: dict[str, bool] = {}

        def store(path: Sequence[str], view: View) -> None:
            name = ".".join(self.target.stored_path(tuple(path), self.trainable[view.weight]))
            given = self.arrays[view.weight]
            array = given if isinstance(given, np.ndarray) else np.asarray(given.numpy())
            arrays[name] = np.asarray(view.of(array), view.weight.dtype.numpy)
            origin[name] = self.origin.get(view.weight, "")
            self.views[name] = view
            trainable[name] = self.trainable[view.weight] and id(given) not in self.frozen

        for block in root.walk():
            for name, value in block.own.items():
                if value not in self.fixed:
                    store((*block.path, name), View(value))
            for child in block.children.values():
                if isinstance(child, Module):
                    for parameter, view in child.weights.items():
                        store((*child.path, parameter), view)
                        if parameter in child.ties:
                            self.ties[".".join((*child.path, parameter))] = ".".join(child.ties[parameter])
        return arrays, origin, trainable


def _ties(root: Block) -> list[tuple[Path, Path]]:
    """The parameters that two modules share: the path of one, and that of the one that holds it."""
    modules = [m for block in root.walk() for m in block.children.values() if isinstance(m, Module)]
    return [((*m.path, name), holder) for m in modules for name, holder in m.ties.items()]


def argument_names(names: Sequence[str]) -> list[str]:
    """Names for what the model is called on; one that says nothing becomes `x`."""
    found: list[str] = []
    for name in map(naming.snake, names):
        name = "x" if not name or re.fullmatch(r"(inputs?|input_layer|keras_tensor|x)(_?\d+)*", name) else name
        name = f"{name}_" if keyword.iskeyword(name) or name == "self" else name
        found.append(naming.unique(name, found))
    return found


_GENERAL = frozenset({"Sequential", "Functional", "Model", "GraphModel", ""})


def _levels(root: Block) -> list[list[Block]]:
    """The blocks by height: those without children first."""
    heights: dict[Block, int] = {}
    for block in root.walk():
        below = [heights[c] for c in block.children.values() if isinstance(c, Block)]
        heights[block] = 1 + max(below, default=0)
    levels: list[list[Block]] = [[] for _ in range(max(heights.values()))]
    for block, height in heights.items():
        levels[height - 1].append(block)
    return levels


def _is_list(block: Block) -> bool:
    """Whether a block only holds numbered children, which others call."""
    return bool(block.children) and not block.statements and not block.own and all(n.isdigit() for n in block.children)


def _nested(tree: structure.Structure, texts: Sequence[str]) -> str:
    if tree is None:
        return "None"
    if "array" in tree:
        return texts[tree["array"]]
    if "value" in tree:
        return quoted(tree["value"]) if isinstance(tree["value"], str) else repr(tree["value"])
    if "dict" in tree:
        return "{" + ", ".join(f"{quoted(k)}: {_nested(v, texts)}" for k, v in tree["dict"].items()) + "}"
    kind, items = next(iter(tree.items()))
    inner = ", ".join(_nested(v, texts) for v in items)
    if kind == "list":
        return f"[{inner}]"
    return f"({inner}{',' if len(items) == 1 else ''})"


def _imports(text: str, known: Mapping[str, str], copied: Mapping[str, Any]) -> list[str]:
    """The imports that the text needs, sorted in groups as ruff sorts them."""
    import sys

    lines = {line for name, line in known.items() if re.search(rf"(?<![\w.]){name}\b(?!\s*=[^=])", text)} | set(copied)

    def key(line: str) -> Any:
        module = line.split()[1]
        group = 0 if module.partition(".")[0] in sys.stdlib_module_names else 1
        return group, line.startswith("from "), module.lower(), line

    found: list[str] = []
    last = None
    for line in sorted(lines, key=key):
        group = key(line)[0]
        if last is not None and group != last:
            found.append("")
        found.append(line)
        last = group
    return found


def _count(arrays: Mapping[Value, Any], trainable: Mapping[Value, bool]) -> str:
    names: dict[str, int] = {}
    for value in arrays:
        names[str(value.name)] = int(np.prod([int(n) for n in value.shape], dtype=np.int64))
    return f"{sum(names.values()):,}"


Results = Callable[[list[str]], str]
__all__ = ["Literal", "Results", "Source", "write"]
