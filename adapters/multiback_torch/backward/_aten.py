"""torch's operators without the packet that chooses an overload at each call."""

from typing import Any

import torch


class Aten:
    """`aten.name` is the default overload of `torch.ops.aten.name`."""

    def __getattr__(self, name: str) -> Any:
        function = getattr(torch.ops.aten, name).default._op
        setattr(self, name, function)
        return function


aten = Aten()
