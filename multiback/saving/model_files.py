"""Whole models in `.keras` files: configuration, weights, optimizer and what an exact resumption needs."""

from __future__ import annotations

import contextlib
import datetime
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from multiback.errors import ArgumentError, MultibackError, SavingError
from multiback.saving import strict_json
from multiback.saving.atomic import write_file
from multiback.saving.extra_state import KEY, checked_extra_state, extra_state, restore_extra_state
from multiback.saving.hdf5 import Section, read_weights, write_weights
from multiback.saving.registry import custom_object_scope, deserialize, serialize_with_sharing, shared_objects
from multiback.saving.zip_archive import CONFIG, METADATA, WEIGHTS, opened, read_archive, write_archive

LAYOUT = "3.15.1"
_OWN_OPTIONS = ("on_nonfinite",)  # Arguments of compile() that Keras does not take.


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Saves a model in a `.keras` file that this package and Keras 3 load.

    The file is written beside its target, read again and compared, and only then put in the target's place, so that a
    crash or a full disk leaves the old file as it was.

    Arguments:
        model: Any model; for a subclassed one, `get_config` or the constructor's arguments must describe it.
        filepath: A name that ends in `.keras`, or a binary file open for writing.
        overwrite: Whether a file that exists is replaced.
        zipped: True or None: the archive is always a zip.

    Raises:
        ArgumentError: if the name does not end in `.keras`, or the file exists and `overwrite` is False.
        SavingError: if the model has no configuration, or the file cannot be written.

    Example:
        >>> save_model(model, "digits.keras")
    """
    if kwargs:
        raise ArgumentError(f"save_model() has no argument {next(iter(kwargs))!r}.")
    if zipped is False:
        raise ArgumentError("zipped=False is not supported: a folder cannot be replaced in one step.")
    stream = hasattr(filepath, "write")
    if not stream:
        check_name(filepath, ".keras", overwrite)
    members = _members(model)
    if stream:
        write_archive(filepath, members)
        return

    def verify(path: Path) -> None:
        with opened(path) as file:
            if read_archive(file, str(filepath)) != members:
                raise SavingError(f"{filepath} did not read back as written; it was not replaced. Check the disk.")
        read_weights(io.BytesIO(members[WEIGHTS]), str(filepath))

    write_file(filepath, lambda file: write_archive(file, members), verify)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Loads a model from a `.keras` file that this package or Keras 3 wrote.

    Nothing in a file is ever run, imported, opened or downloaded: classes and functions come from this package and from
    `custom_objects`, sizes are checked before memory is taken, and every tensor against its digest.

    Arguments:
        filepath: A file name, or a binary file open for reading.
        custom_objects: Classes and functions of your own, by the names in the file.
        compile: Whether to compile the model as it was, with the optimizer's state.
        safe_mode: For Keras's signature; code in a file is refused whatever it is.

    Raises:
        SavingError: if the file is missing, damaged, of another kind, or holds what is not known here.

    Example:
        >>> model = load_model("digits.keras")
    """
    with _source(filepath) as (file, label):
        members = read_archive(file, label)
    metadata = strict_json.loads(members[METADATA], f"{label}: {METADATA}")
    extra = checked_extra_state(metadata, f"{label}: {METADATA}")
    config = strict_json.loads(members[CONFIG], f"{label}: {CONFIG}")
    wanted = (lambda path: True) if compile else (lambda path: path.split("/")[0] != "optimizer")
    sections = read_weights(io.BytesIO(members[WEIGHTS]), f"{label}: {WEIGHTS}", wanted)
    if isinstance(config, dict) and isinstance(compiled := config.get("compile_config"), dict) and compiled:
        # Keras writes what "auto" became on its backend; here it is decided anew.
        compiled.update(extra["compile"] if extra is not None else {"jit_compile": "auto"})
    model = _model(config, custom_objects, compile, f"{label}: {CONFIG}", sections)
    from multiback.saving.state import restore

    if model.built or sections:
        restore(model, sections, label, new=True)
    if extra is not None:
        restore_extra_state(model, extra)
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model, with new weights, from what `model.to_json()` gave.

    Raises:
        SavingError: if it is not the configuration of a model.
    """
    config = strict_json.loads(json_string, "The JSON text")
    return _model(config, custom_objects, True, "The JSON text", None)


def model_config(model: Any) -> dict[str, Any]:
    """The configuration of a model, with how it was built and compiled."""
    return serialize_with_sharing(model)


def check_name(filepath: Any, suffix: str, overwrite: bool = True) -> None:
    """Checks the name of a file to be written.

    Raises:
        ArgumentError: if it does not end as it should, or is there already and must not be replaced.
    """
    if not isinstance(filepath, str | os.PathLike) or not str(filepath).endswith(suffix):
        raise ArgumentError(f"The name of the file must end in {suffix!r}, got {filepath!r}.")
    if not overwrite and os.path.exists(filepath):
        raise ArgumentError(f"{filepath} exists already. Pass overwrite=True, or give another name.")


def _members(model: Any) -> dict[str, bytes]:
    from multiback.saving.state import collect

    config, weights = model_config(model), io.BytesIO()
    compiled = config.get("compile_config") or {}
    own = {k: compiled.pop(k) for k in _OWN_OPTIONS if k in compiled}
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": LAYOUT, "date_saved": saved, KEY: {**extra_state(model), "compile": own}}
    write_weights(weights, collect(model))
    return {
        METADATA: strict_json.dumps(metadata, "The metadata").encode(),
        CONFIG: strict_json.dumps(config, f"The configuration of model {model.name!r}").encode(),
        WEIGHTS: weights.getvalue(),
    }


@contextlib.contextmanager
def _source(filepath: Any) -> Iterator[tuple[IO[bytes], str]]:
    if hasattr(filepath, "read"):
        yield filepath, "The file"
        return
    with opened(filepath) as file:
        yield file, str(filepath)


def _model(
    config: Any,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    label: str,
    sections: Mapping[str, Section] | None,
) -> Any:
    if not isinstance(config, Mapping) or "class_name" not in config:
        raise SavingError(f"{label} does not describe a model. Use an undamaged copy.")
    if not compile:
        config = {k: v for k, v in config.items() if k != "compile_config"}
    from multiback.layers._weight_budget import weight_budget
    from multiback.models.model import Model

    size = None
    if sections is not None:
        arrays = [a for path, s in sections.items() if path.split("/")[0] != "optimizer" for a in s.arrays.values()]
        size = sum(array.nbytes for array in arrays)
    try:
        with custom_object_scope(custom_objects or {}), shared_objects(), weight_budget(size):
            model = deserialize(config)
    except RecursionError as error:
        raise SavingError(f"{label} nests layers too deeply.") from error
    except MultibackError as error:
        raise SavingError(f"{label} does not describe a model that can be made here: {error}") from error
    if not isinstance(model, Model):
        raise SavingError(f"{label} describes {type(model).__name__}, which is not a model.")
    return model
