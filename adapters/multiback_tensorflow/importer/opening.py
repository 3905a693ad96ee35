"""From what a person has (a module, a function, a folder) to concrete functions of TensorFlow."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, PortError, UnsupportedModel, closest
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.porting.unsupported import Inventory

_TOUCHING = frozenset(
    {
        "EagerPyFunc", "MatchingFiles", "PyFunc", "PyFuncStateless", "ReadFile", "Save", "SaveSlices", "WriteFile",
        "TFRecordReaderV2", "TextLineReaderV2", "WholeFileReaderV2", "LoadDataset", "SaveDatasetV2", "RpcClient",
    }
)  # fmt: skip
"""Ops that reach files or Python; those of a SavedModel's initializer would run when it is loaded."""


@dataclass
class Opened:
    """Concrete functions, and what they are called on.

    Attributes:
        name: Of the model.
        args, kwargs: Trees with `TensorSpec` leaves; other leaves are Python values.
        forms: A concrete function for each value of `training`.
        paths: Names of variables by the identity of their handle, better than those they have.
        owner: Holds the variables, which functions refer to only weakly.
        takes_training: Whether the functions are called with `training`.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    forms: dict[bool, Any]
    paths: dict[int, str] = field(default_factory=dict)
    owner: Any = None
    takes_training: bool = False


def open_source(source: Any, example_inputs: Any, signature: str | None, dynamic_batch: bool) -> Opened:
    """The concrete functions of what is given to `from_tensorflow`.

    Raises:
        ArgumentError: if it is nothing of TensorFlow, or the inputs do not fit.
        PortError: if a folder is not a SavedModel, or damaged.
    """
    folder = ""
    if isinstance(source, str | os.PathLike):
        folder = os.fspath(source)
        source = _loaded(folder)
    opened = _opened(source, example_inputs, signature, dynamic_batch, folder)
    opened.owner = source
    return opened


def _opened(source: Any, example_inputs: Any, signature: str | None, dynamic_batch: bool, folder: str) -> Opened:
    import tensorflow as tf

    if folder:
        return _of_saved(source, signature, example_inputs, dynamic_batch, folder)
    if type(source).__module__.partition(".")[0] in ("keras", "tf_keras"):
        raise ArgumentError(
            f"{type(source).__name__} is a Keras object: use multiback.from_keras. (A folder that model.export() wrote "
            "can be given to from_tensorflow.)"
        )
    if hasattr(source, "structured_input_signature"):
        args, kwargs = source.structured_input_signature
        given = _examples(example_inputs)
        return Opened(_function_name(source), *_sized(args, kwargs, given), {False: source})
    if hasattr(source, "signatures") and not callable(source):
        return _of_saved(source, signature, example_inputs, dynamic_batch, "")
    if hasattr(source, "signatures") and (signature or example_inputs is None):
        return _of_saved(source, signature, example_inputs, dynamic_batch, "")
    if not callable(source) and signature is None:
        raise ArgumentError(
            "from_tensorflow takes a tf.Module, a tf.function, a concrete function, a function written with tf, or the "
            f"folder of a SavedModel; got {type(source).__name__}."
        )
    function = _method(source, signature)
    opened = _traced(function, example_inputs, dynamic_batch, _name_of(source, function))
    if isinstance(source, tf.Module):
        opened.paths = dict(_module_paths(source))
    return opened


def _method(source: Any, signature: str | None) -> Callable[..., Any]:
    if signature is None:
        return source
    if not callable(getattr(source, signature, None)):
        names = [n for n in dir(type(source)) if not n.startswith("_") and callable(getattr(type(source), n))]
        raise ArgumentError(f"{type(source).__name__} has no method {signature!r}.{closest(signature, names)}")
    return getattr(source, signature)


def _name_of(source: Any, function: Any) -> str:
    own = getattr(source, "name", None)
    if isinstance(own, str) and own:
        return own
    return getattr(function, "__name__", type(source).__name__)


def _function_name(concrete: Any) -> str:
    return getattr(concrete.graph, "name", "function") or "function"


def _traced(function: Any, example_inputs: Any, dynamic_batch: bool, name: str) -> Opened:
    """The concrete functions of a callable for inputs like the examples."""
    import tensorflow as tf

    owner = function
    if not hasattr(owner, "get_concrete_function"):
        own = function.__call__
        owner = own if hasattr(own, "get_concrete_function") else tf.function(function)
    if example_inputs is None:
        try:
            concrete = owner.get_concrete_function()
        except Exception as error:
            raise ArgumentError(
                f"{name!r} has no input_signature, so from_tensorflow needs example_inputs: a tuple of arrays."
            ) from error
        args, kwargs = concrete.structured_input_signature
        return Opened(name, args, kwargs, {False: concrete})
    args, kwargs = _examples(example_inputs)  # type: ignore[misc]
    specs = _specs((args, kwargs), dynamic_batch)
    has_training = _takes_training(function)
    forms: dict[bool, Any] = {}
    for training in (False, True) if has_training else (False,):
        more = {"training": training} if has_training else {}
        try:
            forms[training] = owner.get_concrete_function(*specs[0], **{**specs[1], **more})
        except Exception as error:
            remedy = " If it needs a known batch size, pass dynamic_batch=False." if dynamic_batch else ""
            raise ArgumentError(
                f"TensorFlow could not trace {name!r} for {_shown(specs)}: {_first_lines(error)}.{remedy}"
            ) from error
    return Opened(name, specs[0], specs[1], forms, takes_training=has_training)


def _takes_training(function: Any) -> bool:
    plain = getattr(function, "python_function", None) or function
    if not inspect.isroutine(plain):
        plain = plain.__call__
        plain = getattr(plain, "python_function", None) or plain
    try:
        return "training" in inspect.signature(plain).parameters
    except (TypeError, ValueError):
        return False


def _examples(example_inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Positional and keyword arguments: a tuple is positional, a dict is by keyword, anything else is one argument."""
    if example_inputs is None:
        return None
    if isinstance(example_inputs, tuple):
        if len(example_inputs) == 2 and isinstance(example_inputs[0], tuple) and isinstance(example_inputs[1], dict):
            return example_inputs[0], dict(example_inputs[1])
        return example_inputs, {}
    if isinstance(example_inputs, dict):
        return (), dict(example_inputs)
    return (example_inputs,), {}


def is_array(x: Any) -> bool:
    """Whether a leaf of the inputs is an array, or stands for one."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves in TensorFlow's order: dictionaries by their sorted keys."""
    if isinstance(tree, Mapping):
        for key in sorted(tree):
            yield from leaves(tree[key])
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from leaves(item)
    else:
        yield tree


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree, in plain containers, with a function applied to its arrays."""
    if isinstance(tree, Mapping):
        return {key: mapped(function, tree[key]) for key in tree}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(function, item) for item in tree))
    if isinstance(tree, list | tuple):
        return (tuple if isinstance(tree, tuple) else list)(mapped(function, item) for item in tree)
    return function(tree) if is_array(tree) else tree


def _specs(tree: Any, dynamic_batch: bool) -> Any:
    """Arrays as TensorSpecs; the leading axis, where it is as long as that of the first array, of any size."""
    import tensorflow as tf

    sizes = [x.shape[0] for x in leaves(tree) if is_array(x) and len(x.shape)]
    batch = sizes[0] if sizes else None

    def spec(x: Any) -> Any:
        if isinstance(x, tf.TensorSpec):
            return x
        shape: list[Any] = list(x.shape)
        if dynamic_batch and shape and shape[0] == batch:
            shape[0] = None
        return tf.TensorSpec(shape, _dtype_of(x))

    return mapped(spec, tree)


def _dtype_of(x: Any) -> Any:
    import tensorflow as tf

    return tf.as_dtype(x.dtype if isinstance(x.dtype, tf.DType) else np.dtype(str(x.dtype).split(".")[-1]))


def _sized(args: Any, kwargs: Any, given: Any) -> tuple[Any, Any]:
    """The specs of a function with a fixed signature, after a look at the examples.

    Axes other than the first that the signature leaves open take the size of the example.
    """
    import tensorflow as tf

    if given is None:
        return args, kwargs
    wanted = [x for x in leaves((args, kwargs)) if is_array(x)]
    found = [x for x in leaves(given) if is_array(x)]
    if len(wanted) != len(found):
        raise ArgumentError(f"The function takes {len(wanted)} arrays ({_shown((args, kwargs))}), got {len(found)}.")
    chosen = []
    for want, have in zip(wanted, found):
        if not want.shape.is_compatible_with(tf.TensorShape(tuple(have.shape))):
            raise ArgumentError(f"The function takes {want.shape} {want.dtype.name}, got an array of {have.shape}.")
        shape = want.shape.as_list() if want.shape.rank is not None else [None, *list(have.shape)[1:]]
        shape = [n if n is not None or i == 0 else have.shape[i] for i, n in enumerate(shape)]
        chosen.append(tf.TensorSpec(shape, want.dtype, getattr(want, "name", None)))
    iterator = iter(chosen)
    ordered = {id(x): next(iterator) for x in leaves((args, kwargs)) if is_array(x)}
    return mapped(lambda x: ordered[id(x)], args), mapped(lambda x: ordered[id(x)], kwargs)


def _loaded(folder: str) -> Any:
    import tensorflow as tf

    path = os.path.join(folder, "saved_model.pb")
    if not os.path.isfile(path):
        raise PortError(f"{folder!r} is not a SavedModel: it has no saved_model.pb. Give the folder that holds it.")
    _check_file(path, folder)
    try:
        return tf.saved_model.load(folder)
    except Exception as error:
        raise PortError(f"The SavedModel in {folder!r} is damaged: {_first_lines(error)}") from error


def _check_file(path: str, folder: str) -> None:
    """Refuses a file that cannot be read, or that holds ops which reach beyond the model."""
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel()
    try:
        with open(path, "rb") as file:
            message.ParseFromString(file.read())
    except Exception as error:
        raise PortError(f"{path!r} is damaged: it cannot be read as a SavedModel ({_first_lines(error)}).") from error
    found = Inventory()
    for meta in message.meta_graphs:
        groups = [meta.graph_def.node, *(f.node_def for f in meta.graph_def.library.function)]
        for node in (n for group in groups for n in group):
            if node.op in _TOUCHING:
                found.add(node.op, node.name, "reaches files or Python, which an imported model must not")
    found.raise_if_any(
        "tensorflow", os.path.basename(folder.rstrip("/")), "Save the model without these ops; nothing was loaded."
    )


def _of_saved(loaded: Any, signature: str | None, example_inputs: Any, dynamic_batch: bool, folder: str) -> Opened:
    """The functions of a loaded SavedModel: a signature by name, or a function it was saved with."""
    name = os.path.basename(folder.rstrip("/")) if folder else type(loaded).__name__.strip("_")
    signatures = dict(getattr(loaded, "signatures", {}))
    if signature is None:
        signature = "serving_default" if "serving_default" in signatures else None
        if signature is None and len(signatures) == 1:
            signature = next(iter(signatures))
        if not signatures and callable(loaded):
            signature = "__call__"
        if signature is None:
            raise PortError(
                f"The SavedModel {name!r} has no signature 'serving_default'. Pass signature=, one of: "
                f"{', '.join(sorted(signatures)) or 'none'}."
            )
    if signature in signatures:
        concrete = signatures[signature]
        args, kwargs = concrete.structured_input_signature
        given = _examples(example_inputs)
        return Opened(name, *_sized(args, kwargs, given), {False: concrete})
    function = getattr(loaded, signature, None)
    if function is None or not callable(function):
        known = [*signatures, *(n for n in dir(loaded) if hasattr(getattr(loaded, n, None), "get_concrete_function"))]
        raise ArgumentError(
            f"The SavedModel {name!r} has no signature {signature!r}.{closest(signature, known)} "
            f"It has: {', '.join(sorted(known)) or 'none'}."
        )
    return _saved_function(function, name, example_inputs, dynamic_batch)


def _saved_function(function: Any, name: str, example_inputs: Any, dynamic_batch: bool) -> Opened:
    concretes = getattr(function, "concrete_functions", None)
    if concretes is None:
        concretes = getattr(type(function).__call__, "concrete_functions", [])
    if example_inputs is None:
        found = {_training_of(c): c for c in concretes}
        if not found:
            raise ArgumentError(f"The function of the SavedModel {name!r} was never called before it was saved.")
        forms = {bool(k): c for k, c in found.items()}
        if False not in forms:
            forms = {False: next(iter(forms.values()))}
        args, kwargs = forms[False].structured_input_signature
        return Opened(name, *_without_training(args, kwargs), forms, takes_training=None not in found)
    args, kwargs = _examples(example_inputs)  # type: ignore[misc]
    specs = _specs((args, kwargs), dynamic_batch)
    trained = any(_training_of(c) is not None for c in concretes)
    forms = {}
    for training in (False, True) if trained else (False,):
        more = {"training": training} if trained else {}
        for shapes in (specs, _specs((args, kwargs), False)):
            try:
                forms[training] = function.get_concrete_function(*shapes[0], **{**shapes[1], **more})
                break
            except (ValueError, TypeError) as error:
                problem = error
    if False not in forms:
        raise ArgumentError(
            f"The SavedModel {name!r} holds no function for {_shown(specs)}: {_first_lines(problem)}"
        ) from problem
    return Opened(name, specs[0], specs[1], forms, takes_training=trained)


def _training_of(concrete: Any) -> bool | None:
    """The value of `training` that a saved function was traced with."""
    args, kwargs = concrete.structured_input_signature
    if "training" in kwargs and not is_array(kwargs["training"]):
        return bool(kwargs["training"])
    flags = [x for x in args if isinstance(x, bool)]
    return flags[0] if len(flags) == 1 else None


def _without_training(args: Any, kwargs: Any) -> tuple[Any, Any]:
    kept = tuple(args[:-1]) if args and isinstance(args[-1], bool) else tuple(args)
    return kept, {k: v for k, v in kwargs.items() if k != "training"}


def _module_paths(module: Any) -> Iterator[tuple[int, str]]:
    """Names by attributes, such as `layers.0.kernel`, for variables that have no name of their own."""
    import tensorflow as tf

    found = module._flatten(predicate=lambda x: isinstance(x, tf.Variable), with_path=True)
    for path, variable in found:
        if variable.name.split(":")[0] == "Variable":
            yield id(variable), ".".join(str(part) for part in path)


def _shown(tree: Any) -> str:
    return ", ".join(
        f"{x.dtype.name}{list(x.shape) if x.shape.rank is not None else '[?]'}" for x in leaves(tree) if is_array(x)
    )


def _first_lines(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return " ".join(lines[:3])[:400] or type(error).__name__


def to_specs(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Trees of TensorSpecs as trees of `Spec`: the first axis, where it is open, is the batch."""
    from multiback.dtypes import as_dtype

    count = 0

    def spec(x: Any) -> Spec:
        nonlocal count
        if x.shape.rank is None:
            raise ArgumentError(f"An input has no known number of axes ({x}). Pass example_inputs.")
        if x.dtype.name in ("string", "variant", "resource"):
            raise UnsupportedModel(f"An input is of {x.dtype.name}: {x}. Only numbers can be ported.")
        shape = []
        for axis, size in enumerate(x.shape.as_list()):
            if size is None and axis > 0:
                count += 1
            shape.append(size if size is not None else Dim.named("batch" if axis == 0 else _size_name(count)))
        return Spec(tuple(shape), as_dtype(x.dtype.name))

    return mapped(spec, tuple(args)), mapped(spec, dict(kwargs))


def _size_name(number: int) -> str:
    return "length" if number == 1 else f"length_{number}"


def names_of(variables: Sequence[Any], paths: Mapping[int, str]) -> dict[int, str]:
    """A name for each variable, by identity: its own without `:0`, made unique by a number."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for variable in variables:
        base = paths.get(id(variable)) or variable.name.split(":")[0]
        name, number = base, 0
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        found[id(variable)] = name
    return found
