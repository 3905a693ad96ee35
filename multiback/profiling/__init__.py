"""What models cost: counted (operations, bytes) and measured (time of each layer and op on a backend)."""

from __future__ import annotations

from multiback.profiling.costs import Cost, Costs, costs, flops
from multiback.profiling.models import Counted, model_costs

__all__ = ["Cost", "Costs", "Counted", "costs", "flops", "model_costs"]
