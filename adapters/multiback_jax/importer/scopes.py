"""Paths of modules from JAX's name stacks."""

from __future__ import annotations

import re
from typing import Any

_TRANSFORM = re.compile(r"^\w+\((.*)\)$")


def path_of(name_stack: Any, root: str = "") -> str:
    """The names of a stack as a path, without the transformations around them: `vmap(MLP)/Dense_0` is `MLP/Dense_0`.

    A `root` in front is left out: paths count from the model.
    """
    parts = []
    for part in str(name_stack).split("/"):
        while found := _TRANSFORM.match(part):
            part = found[1]
        # Equinox marks with `eqx.nn.Linear`; the class is enough.
        if part := part.rsplit(".", 1)[-1]:
            parts.append(re.sub(r"[^A-Za-z0-9_-]+", "_", part))
    return "/".join(parts[1:] if root and parts[:1] == [root] else parts)
