"""Brings models of JAX in: plain functions, Flax linen and nnx, Equinox, Haiku.

The model becomes a pure function of its arrays (`sources/`), JAX traces it to a jaxpr with a symbolic batch
(`tracing.py`), and the jaxpr is interpreted in `multiback.ops`, primitive by primitive (`interpreter.py`, `handlers/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from multiback import dtypes
from multiback.errors import ArgumentError, closest
from multiback.graph.ir import Spec
from multiback.graph.trace import current_builder
from multiback.porting.imported import Imported, KeySource
from multiback_jax.importer.errors import explained
from multiback_jax.importer.inputs import Inputs
from multiback_jax.importer.interpreter import Interpreter
from multiback_jax.importer.native import JaxModel
from multiback_jax.importer.program import Program
from multiback_jax.importer.sources import program_of
from multiback_jax.importer.sources.arguments import Options
from multiback_jax.importer.survey import refuse_unsupported
from multiback_jax.importer.tracing import Traced, plain_tree, traced, width

__all__ = ["load"]


def load(
    source: Any,
    example_inputs: Any,
    *,
    params: Any = None,
    name: str | None = None,
    dynamic_batch: bool = True,
    batch_axes: Any = None,
    **options: Any,
) -> Imported:
    """A model of JAX, to be assembled.

    Arguments:
        source: `fn(params, *inputs)`, a Flax linen or nnx module, an Equinox module, or what `hk.transform` returns.
        example_inputs: A tuple of positional arguments, a dict of keyword arguments, or one array.
        params: The tree of parameters: Flax's variables, Haiku's params or (params, state); None for modules that hold
            them.
        name: Of the model.
        dynamic_batch: Whether any batch size will do; the batch is the first axis of each array whose leading size is
            that of the first one.
        batch_axes: For each array of the example the axis of its batch, or None, where the first axis is not meant.
        options: `training_argument`, `key_argument`, `method`, `vmap`; see `sources/arguments.py`.

    Raises:
        UnsupportedModel: naming all primitives that cannot be imported.
        PortError: if the model cannot be called on the example, or decides by the numbers in its arrays.
        ArgumentError: for an unknown option.
    """
    known = [n for n in Options.__dataclass_fields__ if n != "name"]
    for option in options:
        if option not in known:
            raise ArgumentError(
                f"from_jax() has no option {option!r}.{closest(option, known)} Known: {', '.join(known)}."
            )
    with _mode(params):
        inputs = Inputs(example_inputs, dynamic_batch, batch_axes)
        program = program_of(source, params, inputs.example_args, inputs.example_kwargs, Options(name=name, **options))
        imported = _Import(program, inputs)
        imported.trace_all()
    return Imported(
        name=program.name,
        framework="jax",
        weights=program.weights,
        args=inputs.args,
        kwargs=inputs.kwargs,
        program=imported,
        forms=imported.forms,
        native=JaxModel(program, inputs, imported.draws),
        notes=program.notes,
        classes=program.classes,
    )


def _mode(params: Any) -> Any:
    """JAX's 64-bit mode if the parameters are 64-bit floats, else the mode it is in."""
    wide = any(str(getattr(x, "dtype", "")) in ("float64", "complex128") for x in jax.tree_util.tree_leaves(params))
    return jax.enable_x64(wide or bool(jax.config.values["jax_enable_x64"]))


class _Import:
    """The program in multiback's ops: traced by JAX for the shapes and dtypes it is called on, then interpreted."""

    def __init__(self, program: Program, inputs: Inputs) -> None:
        self.program = program
        self.inputs = inputs
        self.forms = program.forms
        self.draws = False
        self._weights = [Spec(w.array.shape, dtypes.as_dtype(w.array.dtype)) for w in program.weights]
        self._traces: dict[Any, Traced] = {}

    def trace_all(self) -> None:
        """Traces all forms once, so that what cannot be imported is known before any work.

        Raises:
            UnsupportedModel: naming all primitives that cannot be imported.
            PortError: if JAX cannot trace the model.
        """
        try:
            found = [self._traced(training, self._weights, self.inputs.specs) for training in self.forms]
        except Exception as error:
            if not self.inputs.symbolic:
                raise explained(error, self.program.name) from error
            reason = str(error).strip().split("\n")[0]
            self.inputs.fix_batch()
            try:
                found = [self._traced(training, self._weights, self.inputs.specs) for training in self.forms]
            except Exception as second:
                raise explained(second, self.program.name) from second
            self._note(f"The batch size is that of the example, since JAX cannot trace a symbolic one: {reason}")
        refuse_unsupported(self.program.name, [t.jaxpr for t in found])
        place = len(self._weights)
        self.draws = found[-1].used[place]

    def _traced(self, training: bool, weights: list[Spec], arrays: list[Spec]) -> Traced:
        key = (training, tuple(weights), tuple(arrays))
        if key not in self._traces:
            self._traces[key] = traced(self.program, self.inputs, training, weights, arrays)
        return self._traces[key]

    def _note(self, text: str) -> None:
        if text not in self.program.notes:
            self.program.notes.append(text)

    def __call__(
        self,
        weights: Mapping[str, Any],
        key: KeySource,
        training: bool,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        builder = current_builder()
        assert builder is not None
        names = [w.name for w in self.program.weights]
        arrays = self.inputs.taken(args, kwargs)
        held = [Spec(tuple(weights[n].shape), weights[n].dtype) for n in names]
        specs = [Spec(tuple(x.shape), dtypes.as_dtype(x.dtype)) for x in arrays]
        with width([*held, *specs]):
            found = self._traced(training, held, specs)
            used = iter(found.used)
            values: list[Any] = [builder.lift(weights[n]) if next(used) else None for n in names]
            values.append(_key_words(key) if next(used) else None)
            values += [builder.lift(x) for x in arrays]
            results = Interpreter(self._note, found.numbers, self.program.root).run(found.jaxpr, values)
        count = len(results) - len(found.changed)
        for name, value in zip(found.changed, results[count:]):
            weights[name].assign(value)
        return plain_tree(found.structure, [_as_result(builder, x) for x in results[:count]])


def _key_words(key: KeySource) -> Any:
    from multiback import ops

    return ops.bitcast(key(), dtypes.uint32)


def _as_result(builder: Any, x: Any) -> Any:
    """A result as an array of the graph, also for numbers."""
    return builder.materialize(builder.lift(x))
