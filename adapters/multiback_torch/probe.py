"""Looks into torch's own callables."""

from __future__ import annotations

from multiback.backends.probe import Probe, Script


class TorchProbe(Probe):
    """Looks into modules and functions of torch."""

    script = Script(
        "import torch\nimport torch.nn.functional as F",
        array="torch.tensor({x}).to({dtype})",
        host="{x}.double().numpy()",
        function="torch.no_grad()({f})",
    )
