"""Where messages to the person go: standard output, or the `multiback` logger."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

_logger = logging.getLogger("multiback")
_interactive = True


def enable_interactive_logging() -> None:
    """Print messages and progress to standard output (the default).

    Example:
        >>> enable_interactive_logging()
        >>> is_interactive_logging_enabled()
        True
    """
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Send messages and progress to the logger named `multiback` instead of standard output.

    Example:
        >>> disable_interactive_logging()
        >>> is_interactive_logging_enabled()
        False
        >>> enable_interactive_logging()
    """
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether messages are printed rather than logged."""
    return _interactive


def say(message: str, stream: TextIO | None = None) -> None:
    """Print one line to `stream` (standard output by default), or log it when interactive logging is off."""
    if not _interactive:
        _logger.info(message)
        return
    stream = sys.stdout if stream is None else stream
    if stream is None:  # pythonw and some services have no standard output
        return
    try:
        stream.write(message + "\n")
    except UnicodeEncodeError:  # a terminal in the C locale must not end a training run
        encoding = stream.encoding or "ascii"
        stream.write(message.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()
