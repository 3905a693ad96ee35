"""What one core of the machine can do: float32 matrix products, and copies of memory.

Started by run.py as a process for each library: `python limits.py LIBRARY CORE` prints a line of JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LIBRARIES = ("numpy", "torch", "jax", "tensorflow")
SIZES = (512, 1024, 2048)
COPIED_BYTES = 256 * 2**20
REPEATS = 7


def limits(core: int, environment: Mapping[str, str], progress: Callable[[str], None]) -> dict[str, Any]:
    """GFLOP/s of a matrix product in each library and size, and GB/s of a copy, each the best of several."""
    gemm: dict[str, dict[str, float]] = {}
    for library in LIBRARIES:
        progress(f"limits: matrix products in {library}")
        command = [sys.executable, __file__, library, str(core)]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            gemm[library] = json.loads(done.stdout.splitlines()[-1])
    os_affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        copy = _copy_rate()
    finally:
        os.sched_setaffinity(0, os_affinity)
    best, rate = max(((name, max(rates.values())) for name, rates in gemm.items()), key=lambda item: item[1])
    return {"gemm_gflops": gemm, "best_gemm": {"library": best, "gflops": rate}, "copy_gb_s": copy}


def _copy_rate() -> float:
    """GB/s read and written while an array is copied."""
    source = np.ones(COPIED_BYTES, np.uint8)
    target = np.zeros_like(source)
    seconds = min(_seconds(lambda: np.copyto(target, source)) for _ in range(REPEATS))
    return 2 * COPIED_BYTES / seconds / 1e9


def _seconds(action: Callable[[], Any]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _product(library: str, a: np.ndarray, b: np.ndarray) -> Callable[[], Any]:
    """A function that multiplies two matrices and returns when the product is there."""
    match library:
        case "numpy":
            return lambda: a @ b
        case "torch":
            import torch

            torch.set_num_threads(1)
            x, y = torch.from_numpy(a), torch.from_numpy(b)
            return lambda: x @ y
        case "jax":
            import jax

            left, right, multiply = jax.numpy.asarray(a), jax.numpy.asarray(b), jax.jit(jax.numpy.matmul)
            return lambda: multiply(left, right).block_until_ready()
        case "tensorflow":
            import tensorflow as tf

            first, second = tf.constant(a), tf.constant(b)
            return lambda: tf.matmul(first, second).numpy()
    raise ValueError(f"no matrix product for {library!r}; there are {', '.join(LIBRARIES)}")


def main(library: str, core: int) -> None:
    """Print the rate of each size."""
    os.sched_setaffinity(0, {core})
    rng = np.random.default_rng(0)
    rates = {}
    for size in SIZES:
        multiply = _product(library, *rng.standard_normal((2, size, size), dtype=np.float32))
        multiply()
        repeats = max(1, round(2 * (1024 / size) ** 3))

        def several(multiply: Callable[[], Any] = multiply, repeats: int = repeats) -> None:
            for _ in range(repeats):
                multiply()

        rates[str(size)] = 2 * size**3 * repeats / min(_seconds(several) for _ in range(REPEATS)) / 1e9
    print(json.dumps(rates))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
