"""How JAX source is written: a pure function for each block, its weights in nested dicts."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.porting.source.classes import Written
from multiback.porting.source.functions import FunctionalTarget
from multiback.porting.source.target import listed
from multiback.porting.source.weight_files import nested_weights, read_weights
from multiback_jax import fast, lowering
from multiback_jax.exporter import helpers
from multiback_jax.exporter.expressions import EXPRESSIONS
from multiback_jax.exporter.helpers.random import random_keys


class JaxTarget(FunctionalTarget):
    """JAX alone."""

    name = "jax"
    imports: Mapping[str, str] = {
        "jax": "import jax",
        "jnp": "import jax.numpy as jnp",
        "lax": "from jax import lax",
        "np": "import numpy as np",
        "math": "import math",
    }
    libraries = ("jax",)
    draws_inside = False
    expressions = EXPRESSIONS

    def dtype(self, dtype: DType) -> str:
        return "bool" if dtype.kind == "b" else f"jnp.{dtype}"

    def array(self, array: np.ndarray) -> str:
        kind = "bool" if array.dtype.kind == "b" else f"jnp.{array.dtype}"
        return f"jnp.asarray({listed(array)}, {kind})"

    def fresh_state(self) -> str:
        return 'state = jax.tree.map(lax.stop_gradient, params["state"])'

    def helpers(self, text: str, called: Mapping[str, Any]) -> Mapping[str, Any]:
        found = {**called, "read_weights": read_weights, "nested_weights": nested_weights}
        return {**found, "random_keys": random_keys} if "random_keys(" in text else found

    def closing(self, root: Written, weights: str) -> list[str]:
        return [
            "",
            "",
            f'def load(path="{weights}"):',
            '    """The parameters of `apply` from a file."""',
            "    return jax.tree.map(jnp.asarray, nested_weights(read_weights(path)))",
        ]


def names_in(*packages: ModuleType) -> frozenset[str]:
    """The names of all functions that the modules of these packages define."""
    found: set[str] = set()
    for package in packages:
        for module in vars(package).values():
            if inspect.ismodule(module) and module.__name__.startswith(package.__name__):
                tree = ast.parse(inspect.getsource(module))
                found |= {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return frozenset(found)


JaxTarget.helper_names = names_in(helpers, lowering, fast)
TARGET = JaxTarget()
