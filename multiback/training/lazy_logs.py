"""Logs whose values stay on the device until someone reads one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


class LazyLogs(MutableMapping[str, Any]):
    """The mapping that `fetch()` returns, called when a value or name is first asked for.

    Args:
        fetch: Gives the logs as Python numbers.

    Example:
        >>> logs = LazyLogs(lambda: {"loss": 0.5})
        >>> logs["loss"]
        0.5
    """

    __slots__ = ("_fetch", "_values")

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch: Callable[[], Mapping[str, Any]] | None = fetch
        self._values: dict[str, Any] = {}

    def _read(self) -> dict[str, Any]:
        if self._fetch is not None:
            self._values = dict(self._fetch())
            self._fetch = None  # frees the device arrays it refers to
        return self._values

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._read()[name] = value

    def __delitem__(self, name: str) -> None:
        del self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __bool__(self) -> bool:
        return True  # `logs or {}` must not wait for the device

    def __repr__(self) -> str:
        return repr(self._read())
