"""Lines broken as ruff breaks them."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence

WIDTH = 120
_OPEN, _CLOSE = "([{", ")]}"


def wrapped(line: str, width: int = WIDTH) -> list[str]:
    """A logical line as lines no longer than `width`, where it has brackets to be broken at.

    The content of the last bracket goes on a line of its own, and if it is too long each of its parts does, with a
    comma after the last.
    """
    if len(line) <= width or line.lstrip().startswith("#"):
        return [line]
    found = _last_bracket(line)
    if found is None:
        return [line]
    start, end = found
    indent = line[: len(line) - len(line.lstrip())]
    head, body, tail = line[: start + 1], line[start + 1 : end], line[end:]
    if not body.strip():
        return [line]
    inner = f"{indent}    "
    parts = _parts(body)
    if len(inner) + len(body) <= width and len(head) <= width and not body.rstrip().endswith(","):
        return [head, inner + body.strip(), indent + tail]
    lines = [head]
    comma = len(parts) > 1 or _takes_comma(head)
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        mark = "," if comma and not (last and part.lstrip().startswith("*") and False) else ""
        lines += wrapped(f"{inner}{part.strip()}{mark}", width)
    return [*lines, indent + tail]


def _takes_comma(head: str) -> bool:
    """Whether the bracket at the end belongs to a call, a list or a subscript, not just around an expression."""
    before = head[:-1].rstrip()
    return head[-1] in "[{" or (bool(before) and (before[-1].isalnum() or before[-1] in "_)]"))


def _last_bracket(line: str) -> tuple[int, int] | None:
    """The last outermost bracket pair that has content."""
    stack: list[int] = []
    pairs: list[tuple[int, int]] = []
    for start, text in _operators(line):
        if text in _OPEN:
            stack.append(start)
        elif text in _CLOSE and stack:
            opened = stack.pop()
            if not stack and line[opened + 1 : start].strip():
                pairs.append((opened, start))
    return pairs[-1] if pairs else None


def _parts(body: str) -> list[str]:
    """The parts of a bracket's content between its commas."""
    depth, last = 0, 0
    parts = []
    for start, text in _operators(body):
        if text in _OPEN:
            depth += 1
        elif text in _CLOSE:
            depth -= 1
        elif text == "," and depth == 0:
            parts.append(body[last:start])
            last = start + 1
    if body[last:].strip():
        parts.append(body[last:])
    return parts


def _operators(text: str) -> list[tuple[int, str]]:
    """Brackets and commas outside of strings, with their places."""
    found: list[tuple[int, str]] = []
    quote = ""
    skip = False
    for i, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            if character == "\\":
                skip = True
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{)]},":
            found.append((i, character))
    return found


def indented(lines: Sequence[str], by: int = 4) -> list[str]:
    """Lines further to the right; empty ones stay empty."""
    return [" " * by + line if line else line for line in lines]


def numbers(text: str) -> list[tuple[int, int, str]]:
    """The numbers in Python source: where each begins and ends, and how it is written."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NUMBER:
            begin = starts[token.start[0] - 1] + token.start[1]
            found.append((begin, begin + len(token.string), token.string))
    return found
