"""What bringing a model in costs: seconds beyond torch.export for each node, and memory beyond the model's own.

    python benchmarks/porting.py

Seconds are processor time; memory is the peak of the process above what it held with the original alone.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

ROWS = 2
BLOCKS = (6, 12, 24)
MEBIBYTE = 2**20


def network(blocks: int, width: int = 64) -> Any:
    """A transformer encoder with a head, as a module of torch."""
    import torch

    layer = torch.nn.TransformerEncoderLayer(width, 4, 4 * width, batch_first=True)
    encoder = torch.nn.TransformerEncoder(layer, blocks, enable_nested_tensor=False)
    return torch.nn.Sequential(torch.nn.Linear(width, width), encoder, torch.nn.Linear(width, 10)).eval()


def time_import(blocks: int) -> dict[str, float]:
    """Processor seconds of torch.export alone, and of `from_torch` with and without the verification."""
    import torch

    import multiback as mb

    module, x = network(blocks), torch.randn(ROWS, 16, 64)
    mb.from_torch(network(1), x)  # what is paid once
    dynamic = ({0: torch.export.Dim("batch")},)

    def seconds(call: Any) -> tuple[float, Any]:
        start = time.process_time()
        result = call()
        return time.process_time() - start, result

    found: dict[str, float] = {}
    exported, program = seconds(lambda: torch.export.export(module, (x,), dynamic_shapes=dynamic, strict=False))
    decomposed, lowered = seconds(lambda: program.run_decompositions({}))
    plain, model = seconds(lambda: mb.from_torch(module, x, verify=False))
    verified, _ = seconds(lambda: mb.from_torch(module, x))
    found["blocks"] = blocks
    found["nodes"] = sum(node.op == "call_function" for node in lowered.graph.nodes)
    found["equations"] = sum(model.port_report.operations.values()) or len(model.recorded.forms[False].graph.equations)
    found |= {"export": exported, "functionalise": decomposed, "import": plain, "verified": verified}
    return found


def memory(width: int = 6144, layers: int = 4) -> dict[str, float]:
    """The peak above the original's own memory while it is brought in, as a share of its weights."""
    import torch

    import multiback as mb

    module = torch.nn.Sequential(*(torch.nn.Linear(width, width) for _ in range(layers)))
    weights = sum(p.numel() * p.element_size() for p in module.parameters())
    x = torch.randn(ROWS, width)
    mb.from_torch(torch.nn.Linear(4, 4), torch.randn(2, 4), verify=False)
    _reset_peak()
    before = _resident()
    model = mb.from_torch(module, x, verify=False)
    peak = _peak() - before
    _reset_peak()
    before = _resident()
    report = mb.from_torch(module, x).port_report
    assert report.passed, report
    verified = _peak() - before
    shared = model.get_weight("0.weight")._cell.ctypes.data == module[0].weight.data_ptr()
    return {
        "weights_mib": weights / MEBIBYTE,
        "import": peak / weights,
        "verified": verified / weights,
        "shared": shared,
    }


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _peak() -> int:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def main() -> None:
    """Each measurement in a process of its own."""
    if len(sys.argv) == 3:
        found: Any = memory() if sys.argv[1] == "memory" else time_import(int(sys.argv[2]))
        print(json.dumps(found))
        return
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def measured(*arguments: str) -> Any:
        command = [sys.executable, __file__, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return json.loads(done.stdout.strip().splitlines()[-1])

    print("blocks  nodes  export  import  beyond export  with verification")
    for blocks in BLOCKS:
        row = measured("time", str(blocks))
        beyond = row["import"] - row["export"]
        print(
            f"{row['blocks']:6.0f} {row['nodes']:6.0f} {row['export']:6.2f}s {row['import']:6.2f}s {beyond:13.2f}s"
            f" {row['verified']:17.2f}s"
        )
    row = measured("memory", "0")
    print(
        f"{row['weights_mib']:.0f} MiB of weights: peak while importing {1 + row['import']:.2f} times the model, "
        f"with verification {1 + row['verified']:.2f}; weights shared: {row['shared']}"
    )


if __name__ == "__main__":
    main()
