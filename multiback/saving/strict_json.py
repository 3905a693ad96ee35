"""JSON from files that may be damaged or hostile: bounded in size, depth and numbers, without NaN or repeated keys."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from multiback.errors import SavingError

MAX_BYTES = 64 << 20
MAX_DEPTH = 200
_MAX_DIGITS = 400
_LARGEST = 1 << 64


def loads(data: bytes | str, what: str) -> Any:
    """Parses a JSON document.

    Arguments:
        data: UTF-8 bytes or text.
        what: The file and section, for messages.

    Raises:
        SavingError: if it is not JSON, larger than 64 MiB, nested deeper than 200 levels, repeats a key, or holds NaN,
            an infinity or an integer beyond 64 bits.
    """
    if len(data) > MAX_BYTES:
        raise SavingError(f"{what} has {len(data):,} bytes; at most {MAX_BYTES:,} are read. The file is not a model's.")

    def refuse(problem: str) -> NoReturn:
        raise SavingError(f"{what} is not valid: {problem}. Use an undamaged copy of the file.")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            names = [k for k, _ in items]
            refuse(f"the key {next(n for n in names if names.count(n) > 1)!r} occurs twice")
        return found

    def integer(text: str) -> int:
        if len(text) > _MAX_DIGITS or abs(value := int(text)) > _LARGEST:
            refuse(f"the integer {text[:24]}... is beyond 64 bits")
        return value

    def number(text: str) -> float:
        value = float(text)
        return value if math.isfinite(value) else refuse(f"the number {text[:24]} is beyond float64")

    def constant(text: str) -> NoReturn:
        refuse(f"{text} is not a JSON number")

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        found = json.loads(
            text, object_pairs_hook=pairs, parse_int=integer, parse_float=number, parse_constant=constant
        )
    except UnicodeDecodeError:
        refuse("it is not UTF-8 text")
    except RecursionError:
        refuse(f"it is nested deeper than {MAX_DEPTH} levels")
    except json.JSONDecodeError as error:
        refuse(f"{error.msg} at line {error.lineno}, column {error.colno}")
    if _depth(found) > MAX_DEPTH:
        refuse(f"it is nested deeper than {MAX_DEPTH} levels")
    return found


def dumps(value: Any, what: str, **options: Any) -> str:
    """Writes a JSON document.

    Raises:
        SavingError: if the value holds NaN, an infinity, or something that JSON cannot express.
    """
    try:
        return json.dumps(value, allow_nan=False, **options)
    except (TypeError, ValueError, RecursionError) as error:
        raise SavingError(
            f"{what} cannot be written as JSON: {error}. get_config() must return numbers, strings, lists and dicts."
        ) from error


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            stack += [(x, depth + 1) for x in (item.values() if isinstance(item, dict) else item)]
    return deepest
