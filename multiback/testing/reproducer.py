"""A script that shows a wrong result again with NumPy and one framework alone: the adapter's own source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from multiback.errors import AdapterError
from multiback.graph.source import Source, generate
from multiback.testing.inline import Inlined

if TYPE_CHECKING:
    from multiback.testing.guilty import Guilty


def reproducer(guilty: Guilty, path: str) -> str:
    """The script that computes a guilty equation again, and prints how far the result is from its reference.

    Arguments:
        guilty: What `bisect` found.
        path: The file that `guilty.save` wrote.

    Returns:
        Python that imports NumPy and the framework, and nothing of multiback.
    """
    adapter, script = guilty.adapter, _script(guilty)
    source = _source(guilty)
    graph = guilty.graph
    dtypes = [v.dtype for v in [*graph.inputs, *graph.outputs]]
    inlined = Inlined(
        [*adapter.dialect.namespace, *source.namespace, source.name], adapter.plugin.native, script.provides
    )
    constants = []
    for name, thing in source.namespace.items():
        if name in adapter.dialect.namespace or name == "_kept":
            continue
        if adapter.is_native(thing) or isinstance(thing, np.ndarray):
            stored = f'saved["{name}"]'
            dtype = adapter.dialect.dtype(adapter.dtype(thing)) if not isinstance(thing, np.ndarray) else ""
            constants.append(f"{name} = {script.array.format(x=stored, dtype=dtype) if dtype else stored}")
        else:
            inlined.add(name, thing)
    lines = [
        "import numpy as np",
        *script.imports.splitlines(),
        *(i for i in inlined.imports if i not in ("import numpy as np", *script.imports.splitlines())),
    ]
    lines += [script.wide] if script.wide and any(d.bits == 64 for d in dtypes) else []
    lines += [f'saved = np.load("{path}")', *constants]
    text = "\n".join(lines) + "\n" + inlined.text() + "\n\n" + source.text + "\n"
    run = script.function.format(f=source.name)
    return text + "\n".join(
        [
            f"arguments = {_arguments(guilty)}",
            f"result = {run}(*arguments)[{guilty.output}]",
            f"got, want = {script.host.format(x='result')}, saved['reference']",
            'print("worst difference from float64:", np.max(np.abs(got - want)), "of", np.max(np.abs(want)))',
            "",
        ]
    )


def _arguments(guilty: Guilty) -> str:
    """The expression of the list of arguments."""
    script, write = _script(guilty), guilty.adapter.dialect.dtype
    inputs, state = guilty.graph.inputs, guilty.graph.state
    if not state and len({v.dtype for v in inputs}) == 1 and len(inputs) > 1:
        array = script.array.format(x="saved[n]", dtype=write(inputs[0].dtype))
        return f"[{array} for n in {tuple(v.name for v in inputs)}]"
    arrays = [script.array.format(x=f'saved["{v.name}"]', dtype=write(v.dtype)) for v in inputs]
    arrays[:state] = [script.state.format(x=a) for a in arrays[:state]]
    return f"[{', '.join(arrays)}]"


def saved_arrays(guilty: Guilty) -> dict[str, np.ndarray]:
    """What the script reads: inputs by name, constants, and the float64 reference of the wrong output."""
    found = {str(v.name): _plain(a) for v, a in zip(guilty.graph.inputs, guilty.inputs)}
    if guilty.adapter.probe is not None:
        for name, thing in _source(guilty).namespace.items():
            if isinstance(thing, np.ndarray):
                found[name] = _plain(thing)
            elif guilty.adapter.is_native(thing):
                found[name] = _plain(guilty.adapter.to_numpy(thing))
    found["reference"] = np.asarray(guilty.want[guilty.output], np.float64)
    return found


def _source(guilty: Guilty) -> Source:
    adapter = guilty.adapter
    return generate(adapter.prepare(guilty.graph, guilty.options), adapter.lowering, adapter.dialect)


def _script(guilty: Guilty) -> Any:
    probe = guilty.adapter.probe
    if probe is None:
        raise AdapterError(
            f"Adapter {guilty.adapter.name!r} has no probe, which says how its scripts are written. "
            "Use save() for the inputs, or give the adapter a probe (multiback.backends.probe)."
        )
    return probe.script


def _plain(array: np.ndarray) -> np.ndarray:
    """An array that .npz files know: bfloat16 becomes float32, which holds it exactly."""
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)
