"""Dtype policies: names, the global one, maps, Keras's configurations."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import multiback as mb
from multiback import dtype_policies, mixed_precision
from multiback.dtype_policies import DTypePolicy, DTypePolicyMap, FloatDTypePolicy
from multiback.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [("mixed_float16", "float16", "float32"), ("mixed_bfloat16", "bfloat16", "float32")]
    + [(name, name, name) for name in ("float16", "bfloat16", "float32", "float64")],
)
def test_dtypes_of_policies(name, compute, variable):
    policy = DTypePolicy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, compute, variable)
    assert policy.quantization_mode is None
    assert dtype_policies.get(name) == policy == FloatDTypePolicy(name) and hash(policy) == hash(DTypePolicy(name))
    config = dtype_policies.serialize(policy)
    assert config == {
        "module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None
    }  # fmt: skip
    assert dtype_policies.deserialize(config) == dtype_policies.get(config) == policy
    assert policy != DTypePolicy("float64" if name != "float64" else "float32")


def test_global_policy():
    assert dtype_policies.get(None) == mb.config.dtype_policy() == DTypePolicy("float32")
    mixed_precision.set_global_policy("mixed_bfloat16")
    seen = []
    try:
        assert mixed_precision.global_policy().compute_dtype == DTypePolicy().compute_dtype == "bfloat16"
        thread = threading.Thread(target=lambda: seen.append(mb.config.dtype_policy().name))
        thread.start()
        thread.join()
    finally:
        mb.config.set_dtype_policy(None)
    assert seen == ["float32"]
    mb.config.set_floatx("float64")
    assert mb.config.dtype_policy().name == "float64"
    mb.config.set_floatx("float32")


def test_dtypes_stand_for_policies():
    assert dtype_policies.get(np.float64).name == dtype_policies.get(np.dtype("float64")).name == "float64"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mixed_float32", "Did you mean 'mixed_float16'"),
        ("int8_from_float32", "which multiback does not do"),
        (3.5, "Unknown dtype policy 3.5"),
    ],
)
def test_unknown_policies(name, message):
    with pytest.raises(ArgumentError, match=message):
        dtype_policies.get(name)
    if isinstance(name, float):
        with pytest.raises(ArgumentError, match="a DTypePolicy or its name"):
            dtype_policies.set_dtype_policy(name)


def test_policy_map():
    policies = DTypePolicyMap("mixed_bfloat16", {"decoder/.*": "float32", "decoder": DTypePolicy("float64")})
    names = [policies[path].name for path in ("decoder", "decoder/dense", "encoder")]
    assert names == ["float64", "float32", "mixed_bfloat16"]
    assert (policies.compute_dtype, policies.variable_dtype) == ("bfloat16", "float32")
    assert policies.name == "map_mixed_bfloat16" and len(policies) == 2 and "decoder" in policies
    rebuilt = dtype_policies.deserialize(dtype_policies.serialize(policies))
    assert rebuilt == policies and rebuilt["decoder/x"] == policies["decoder/x"]
    policies[".*/dense"] = "float16"
    with pytest.raises(ArgumentError, match="matches several keys"):
        policies["decoder/dense"]
    with pytest.raises(ArgumentError, match="already"):
        policies["decoder"] = "float16"
    del policies["decoder"]
    assert DTypePolicyMap()["anything"] == DTypePolicy("float32")
    with pytest.raises(ArgumentError, match="cannot be a DTypePolicyMap"):
        DTypePolicyMap(policies)
