"""What a run depended on: machine, versions, flags."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from multiback.backends.protocol import Adapter

_FLAGS = ("OMP_", "MKL_", "OPENBLAS_", "CUDA_", "MULTIBACK_")
_VECTOR_UNITS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_tile",
)
_PACKAGES = ("multiback", "numpy", "ml_dtypes", "optree", "hypothesis")


def environment() -> dict[str, Any]:
    """Machine, Python, flags in the environment's variables and versions of the packages that matter."""
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "flags": {k: v for k, v in sorted(os.environ.items()) if k.startswith(_FLAGS)},
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def describe_adapter(adapter: Adapter) -> dict[str, Any]:
    """Version, devices and settings of one backend."""
    package = adapter.plugin.module.partition(".")[0]
    owners = importlib.metadata.packages_distributions().get(package, ["multiback"])
    return {
        "version": adapter.version(),
        "adapter": package,
        "distribution": f"{owners[0]} {_version(owners[0]) or ''}".strip(),
        "devices": adapter.devices(),
        "settings": adapter.environment(),
        "autodiff": adapter.autodiff,
        "missing_primitives": adapter.missing_primitives(),
    }


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    features = facts.get("flags", facts.get("Features", "")).split()
    return {
        "model": facts.get("model name", platform.processor() or platform.machine()),
        "features": [unit for unit in _VECTOR_UNITS if unit in features],
        "cores": os.cpu_count(),
    }
