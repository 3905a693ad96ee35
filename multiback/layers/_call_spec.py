"""What the signature of a layer's `call` says: which arguments it takes, which of them are masks."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from multiback.errors import ArgumentError


class CallSpec:
    """What the signature of a `call` method says."""

    def __init__(self, cls: type) -> None:
        signature = inspect.signature(cls.call)  # type: ignore[attr-defined]
        parameters = list(signature.parameters.values())[1:]
        self.signature = signature.replace(parameters=parameters)
        self.names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.first = self.names[0] if self.names else ""
        self.training = "training" in self.names
        self.masks = [n for n in self.names if n == "mask" or (n.endswith("_mask") and n[:-5] in self.names)]
        self.open = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.starred = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)

    def bind(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name; `training` and `mask` are dropped where `call` does not take them."""
        if not self.open:
            kwargs = {k: v for k, v in kwargs.items() if k in self.names or k not in ("training", "mask")}
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ArgumentError(f"Layer {layer.name!r}: call() {error}. It takes {self.signature}.") from None
        found = dict(bound.arguments)
        if self.open:
            rest = next(p.name for p in self.signature.parameters.values() if p.kind is p.VAR_KEYWORD)
            found.update(found.pop(rest, {}))
        return found

    def invoke(self, layer: Any, bound: dict[str, Any]) -> Any:
        """Calls `layer.call` with bound arguments."""
        bound = dict(bound)
        if self.starred is None:
            return layer.call(**bound)
        positional = [bound.pop(n) for n in self.names if n in bound and self.signature.parameters[n].kind.value < 2]
        return layer.call(*positional, *bound.pop(self.starred, ()), **bound)


call_spec: Callable[[type], CallSpec] = functools.cache(CallSpec)
