"""What models cost: counted (operations, bytes) and measured (time of each layer and op on a backend)."""

from __future__ import annotations

from multiback.profiling.costs import Cost, Costs, costs, flops

__all__ = ["Cost", "Costs", "costs", "flops"]
