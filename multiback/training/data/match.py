"""Whether data fits what a model expects: names, ranks and sizes, said readably."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.dtypes import as_dtype
from multiback.errors import DataError, closest
from multiback.training.data.standardize import Tree


def check_against(spec_tree: Tree, data_tree: Tree, what: str = "input") -> None:
    """Check arrays against the shapes, dtypes and names that a model expects.

    Args:
        spec_tree: Specs with `.shape` (sizes that are not integers match anything), and perhaps `.dtype` and `.name`.
        data_tree: Arrays. A dict may stand for a list of named specs.
        what: How messages call an entry, such as "input" or "target".

    Raises:
        DataError: naming the entry, what was expected and what was given.

    Example:
        >>> import numpy as np
        >>> from types import SimpleNamespace
        >>> image = SimpleNamespace(name="image", shape=(None, 28, 28, 1), dtype="float32")
        >>> check_against(image, np.zeros((64, 28, 28), "float32"))
        Traceback (most recent call last):
            ...
        multiback.errors.DataError: Input 'image' expects shape (None, 28, 28, 1), got (64, 28, 28). \
Add the last axis: data[..., None].
    """
    _check(spec_tree, data_tree, what, None)


def _check(spec: Any, data: Any, what: str, key: str | int | None) -> None:
    if spec is None:
        return
    if isinstance(spec, Mapping):
        _check_mapping(spec, data, what)
    elif isinstance(spec, list | tuple):
        names = {str(name): item for item in spec if (name := getattr(item, "name", None))}
        if isinstance(data, Mapping) and len(names) == len(spec):
            _check_mapping(names, data, what)
        else:
            _check_sequence(spec, data, what)
    else:
        _check_leaf(spec, data, what, key)


def _check_mapping(spec: Mapping[str, Any], data: Any, what: str) -> None:
    if not isinstance(data, Mapping):
        got = f"{len(data)} in a list" if isinstance(data, list | tuple) else "one array"
        raise DataError(f"Expected a dict of {what}s with the names {_names(spec)}, got {got}.")
    missing = [name for name in spec if name not in data]
    extra = [name for name in data if name not in spec]
    if missing or extra:
        problems = [f"{what} {name!r} is missing" for name in missing]
        problems += [f"{what} {name!r} is unknown" for name in extra]
        hint = closest(extra[0], missing or spec) if extra else ""
        text = "; ".join(problems)
        raise DataError(f"{text[0].upper()}{text[1:]}.{hint} Expected: {_names(spec)}. Got: {_names(data)}.")
    for name, item in spec.items():
        _check(item, data[name], what, name)


def _check_sequence(spec: list | tuple, data: Any, what: str) -> None:
    count = len(data) if isinstance(data, list | tuple | Mapping) else 1
    is_list = isinstance(data, list | tuple)
    if is_list and count == len(spec):
        for index, (item, value) in enumerate(zip(spec, data)):
            _check(item, value, what, index)
        return
    if not is_list and len(spec) == 1 and not isinstance(data, Mapping):
        _check(spec[0], data, what, 0)
        return
    named = [name for item in spec if (name := getattr(item, "name", None))]
    names = f" ({_names(named)})" if len(named) == len(spec) else ""
    shown = f"a dict of {count}" if isinstance(data, Mapping) else f"a list of {count}" if is_list else "one array"
    raise DataError(f"Expected {len(spec)} {what}s{names}, got {shown}.")


def _check_leaf(spec: Any, data: Any, what: str, key: str | int | None) -> None:
    name = key if isinstance(key, str) else getattr(spec, "name", None) or key
    title = what[0].upper() + what[1:] + ("" if name is None else f" {name!r}")
    if isinstance(data, Mapping):
        if isinstance(name, str):
            _check_mapping({name: spec}, data, what)
            return
        raise DataError(f"{title} is one array, got a dict with the names {_names(data)}.")
    if isinstance(data, list | tuple):
        if len(data) == 1:
            _check_leaf(spec, data[0], what, key)
            return
        raise DataError(f"{title} is one array, got a list of {len(data)}.")
    if data is None:
        raise DataError(f"{title} is missing: expected an array of shape {_shown(spec.shape)}.")
    _check_shape(spec.shape, tuple(data.shape), title)
    dtype = getattr(spec, "dtype", None)
    if dtype is not None and as_dtype(dtype).kind in "iub" and as_dtype(data.dtype).is_float:
        got = as_dtype(data.dtype)
        raise DataError(f"{title} expects {as_dtype(dtype)}, got {got}. Convert it: data.astype('int32').")


def _check_shape(expected: tuple | None, got: tuple[int, ...], title: str) -> None:
    if expected is None or _fits(expected, got):
        return
    remedy = ""
    if _fits(expected[:-1], got) and expected[-1] == 1:
        remedy = " Add the last axis: data[..., None]."
    elif _fits(expected[1:], got):
        remedy = " Add the batch axis: data[None]."
    elif len(got) == len(expected):
        wrong = [i for i, (size, given) in enumerate(zip(expected, got)) if isinstance(size, int) and size != given]
        remedy = f" They differ on axis {', '.join(map(str, wrong))}."
    raise DataError(f"{title} expects shape {_shown(expected)}, got {got}.{remedy}")


def _fits(expected: tuple, got: tuple[int, ...]) -> bool:
    return len(expected) == len(got) and all(not isinstance(e, int) or e == g for e, g in zip(expected, got))


def _shown(shape: tuple) -> str:
    sizes = [str(size) if isinstance(size, int) else "None" for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _names(names: Any) -> str:
    return ", ".join(repr(name) for name in names)
