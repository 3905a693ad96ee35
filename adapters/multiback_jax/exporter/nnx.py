"""Models as Flax nnx modules: a module for each block, with the computation of the JAX source."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from multiback.dtypes import DType
from multiback.graph.ir import Value
from multiback.porting.imported import NativeModel
from multiback.porting.outline.blocks import Block, Path
from multiback.porting.outline.forms import Program
from multiback.porting.source import Source, write
from multiback.porting.source.classes import Written
from multiback.porting.source.formatting import indented
from multiback.porting.source.functions import documentation
from multiback.porting.source.needs import RANDOM, TRAINING, Needs
from multiback.porting.source.running import Printed, run_source
from multiback.porting.source.target import Target
from multiback.porting.source.weight_files import read_weights, variable_of
from multiback_jax.exporter.expressions import EXPRESSIONS
from multiback_jax.exporter.helpers.modules import set_weights
from multiback_jax.exporter.helpers.random import random_keys_of
from multiback_jax.exporter.target import TARGET as PLAIN


class NnxTarget(Target):
    """Flax nnx."""

    name = "jax"
    imports: Mapping[str, str] = {**PLAIN.imports, "nnx": "from flax import nnx"}
    libraries = ("jax", "flax")
    expressions = EXPRESSIONS
    training = "training"
    draws_inside = False
    chains = False
    taken_members = frozenset(
        [
            "deterministic",
            "eval",
            "iter_children",
            "iter_modules",
            "perturb",
            "rngs",
            "set_attributes",
            "sow",
            "source",
            "train",
        ]
    )
    reserved = ("self", "training", "keys")

    def __init__(self) -> None:
        self.needs = Needs({})

    def idioms(self, program: Program, trainable: Mapping[Value, bool]) -> None:
        self.needs = Needs(trainable)

    def dtype(self, dtype: DType) -> str:
        return PLAIN.dtype(dtype)

    def array(self, array: np.ndarray) -> str:
        return PLAIN.array(array)

    # ---- blocks

    def weight_reference(self, path: Path, trainable: bool) -> str:
        return f"{self.reference(path)}[...]"

    def call_block(self, block: Block, path: Path, arguments: Sequence[str], function: str) -> str:
        return self.call(path, [*arguments, *self._handed(block)], function)

    def loop(
        self, block: Block | None, path: Path, span: str, variable: str, arguments: Sequence[str], function: str
    ) -> tuple[str, str]:
        handed = [] if block is None else self._handed(block)
        return super().loop(block, path, span, variable, [*arguments, *handed], function)

    def may_loop(self, blocks: Sequence[Block | None], functions: Collection[str]) -> bool:
        return self.needs.alike(blocks)

    def _handed(self, block: Block) -> list[str]:
        needs = self.needs.of(block)
        return [name for name, need in (("training", TRAINING), ("keys", RANDOM)) if need in needs]

    def weight(self, value: Value, trainable: bool, fixed: np.ndarray | None = None) -> str:
        shape = tuple(int(n) for n in value.shape)
        zeros = (
            f"jnp.zeros({shape!r})" if value.dtype == "float32" else f"jnp.zeros({shape!r}, {self.dtype(value.dtype)})"
        )
        return f"nnx.{'Param' if trainable else 'BatchStat'}({zeros})"

    def sequence(self, parts: Sequence[str], chained: bool) -> str:
        return f"nnx.List([{', '.join(parts)}])"

    def definition(self, written: Written) -> list[str]:
        root = not written.block.path
        needs = self.needs.of(written.block)
        lines = [f"class {written.name}(nnx.Module):", *indented(documentation(written))]
        declared = [f"self.{name} = {name}" for name in written.stored]
        declared += [f"self.{self.member(name)} = {right}" for name, right in written.members]
        arguments = ["self", *written.arguments]
        if root:
            declared.append("self.deterministic = True  # changed by train() and eval()")
            if RANDOM in needs:
                arguments.append("rngs=None")
                declared.append("self.rngs = nnx.Rngs(0) if rngs is None else rngs")
        if declared:
            lines += ["", *indented([f"def __init__({', '.join(arguments)}):", *indented(declared)])]
        if not written.block.statements and not root:
            return lines
        parameters, body = [*written.parameters], [*written.body]
        if root:
            parameters.append("training=None")
            start = ["training = not self.deterministic if training is None else training"] if TRAINING in needs else []
            body = [*start, *(["keys = random_keys_of(self.rngs.dropout)"] if RANDOM in needs else []), *body]
        else:
            parameters += self._handed(written.block)
        return [*lines, "", *indented([f"def __call__({', '.join(['self', *parameters])}):", *indented(body)])]

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        found = {**called, "read_weights": read_weights, "set_weights": set_weights}
        return {**found, "random_keys_of": random_keys_of} if "random_keys_of(" in text else found

    def closing(self, root: Written, weights: str) -> list[str]:
        return [
            "",
            "",
            f'def load(path="{weights}"):',
            '    """The model with the weights in a file."""',
            f"    model = {root.name}()",
            "    set_weights(model, read_weights(path))",
            "    return model",
        ]


TARGET = NnxTarget()


def module(model: Any, training: bool = True) -> nnx.Module:
    """The model as a Flax nnx module with its weights; `train()` and `eval()` choose the form.

    Arguments:
        model: Built.
        training: Whether the form for training is written too.
    """
    source = write(model, TARGET, training=training)
    with _precision(source.arrays.values()):
        made = _made(source, source.arrays)
    type(made).source = source.text  # type: ignore[attr-defined]
    return made


def native(result: nnx.Module, model: Any) -> NativeModel:
    """The module as a verification runs it."""

    def weights() -> Mapping[str, np.ndarray]:
        source = write(model, TARGET)
        return {name: np.asarray(variable_of(result, name)[...]) for name in source.arrays}

    return Printed(model, TARGET, weights, _Runner)


class _Runner:
    """A module made from source, see `multiback.porting.source.running.Runner`."""

    def __init__(self, source: Source, arrays: Mapping[str, np.ndarray]) -> None:
        self.source = source
        self.arrays = arrays

    def forward(self, arrays: Sequence[np.ndarray], training: bool) -> tuple[Any, dict[str, np.ndarray]]:
        with _precision([*arrays, *self.arrays.values()]):
            made = _made(self.source, self.arrays)
            outputs = made(*map(jnp.asarray, arrays), training=training)
            found = {n: np.asarray(variable_of(made, n)[...]) for n, held in self.source.trainable.items() if not held}
            changed = {n: a for n, a in found.items() if not np.array_equal(a, self.arrays[n], equal_nan=True)}
            return jax.tree.map(np.asarray, outputs), changed

    def gradients(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        with _precision([*arrays, *self.arrays.values()]):
            made = _made(self.source, self.arrays)
            graph, params, rest = nnx.split(made, nnx.Param, ...)  # type: ignore[misc]

            def half_square(params: Any) -> Any:
                leaves = jax.tree.leaves(nnx.merge(graph, params, rest)(*map(jnp.asarray, arrays)))
                return sum(jnp.sum(y * y) for y in leaves if jnp.issubdtype(y.dtype, jnp.floating)) / 2

            found = nnx.merge(graph, jax.jit(jax.grad(half_square))(params), rest)
            return {
                n: np.asarray(variable_of(found, n)[...]) for n, trained in self.source.trainable.items() if trained
            }


def _made(source: Source, arrays: Mapping[str, np.ndarray]) -> nnx.Module:
    module = run_source(source)
    made = getattr(module, source.name)()
    module.set_weights(made, arrays)
    return made


def _precision(arrays: Any) -> contextlib.AbstractContextManager[Any]:
    return jax.enable_x64(True) if any(a.dtype.itemsize == 8 for a in arrays) else contextlib.nullcontext()
