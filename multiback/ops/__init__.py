"""The operations: one vocabulary for all backends."""

import importlib
import pkgutil

from multiback.graph.op import OPS
from multiback.ops.control import cond, grad, scan, value_and_grad, while_loop

for _m in pkgutil.iter_modules(__path__):
    importlib.import_module(f"multiback.ops.{_m.name}")
globals().update({k: v for k, v in OPS.items() if not callable(globals().get(k))})
