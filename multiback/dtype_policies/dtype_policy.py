"""DTypePolicy: which dtype a layer computes in, and which one its weights have."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from multiback import config, dtypes
from multiback.dtype_policies._registry import register
from multiback.dtypes import DType
from multiback.errors import ArgumentError, DtypeError, closest

_MIXED = {"mixed_float16": dtypes.float16, "mixed_bfloat16": dtypes.bfloat16}
_QUANTIZED = ("int8_", "int4_", "float8_", "gptq", "awq")
_POLICY: ContextVar[DTypePolicy | None] = ContextVar("multiback_dtype_policy", default=None)


@register
class DTypePolicy:
    """The dtypes of a layer: it casts its inputs and weights to `compute_dtype`, and keeps weights in `variable_dtype`.

    Arguments:
        name: "float32", "float64", "float16", "bfloat16": both dtypes are that one. "mixed_float16" or
            "mixed_bfloat16": computes in 16 bits, keeps weights in float32. None: the global policy's name.

    Raises:
        ArgumentError: for another name.

    Example:
        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None) -> None:
        name = dtype_policy().name if name is None else name
        self._compute_dtype, self._variable_dtype = _parsed(name)
        self._name = name if name in _MIXED else str(self._compute_dtype)

    @property
    def name(self) -> str:
        return self._name

    @property
    def compute_dtype(self) -> DType:
        """What the layer computes in."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> DType:
        """What the layer's weights are kept in."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> None:
        """None: weights are not quantized."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The policy that `get_config` described."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and (type(other), other.get_config()) == (type(self), self.get_config())

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


@register
class FloatDTypePolicy(DTypePolicy):
    """Another name of DTypePolicy, kept for configurations."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.get_config() == self.get_config()

    __hash__ = DTypePolicy.__hash__


def _parsed(name: str) -> tuple[DType, DType]:
    if isinstance(name, str) and name in _MIXED:
        return _MIXED[name], dtypes.float32
    if isinstance(name, str) and name.startswith(_QUANTIZED):
        raise ArgumentError(f"The dtype policy {name!r} quantizes weights, which multiback does not do.")
    try:
        dtype = dtypes.as_dtype(name)
    except DtypeError:
        known = [*_MIXED, *(d for d in dtypes.ALL.values() if d.is_float)]
        hint = closest(str(name), known)
        raise ArgumentError(f"Unknown dtype policy {name!r}.{hint} Known: {', '.join(known)}.") from None
    return dtype, dtype


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none; unless set, the one called `config.floatx()`."""
    return _POLICY.get() or DTypePolicy(config.floatx())


def set_dtype_policy(policy: DTypePolicy | str | None) -> None:
    """Sets the policy of layers made from here on in this thread; None goes back to `config.floatx()`.

    Raises:
        ArgumentError: if it is neither a policy nor a policy's name.

    Example:
        >>> set_dtype_policy("mixed_bfloat16")
        >>> dtype_policy().compute_dtype
        'bfloat16'
        >>> set_dtype_policy(None)
    """
    if not isinstance(policy, DTypePolicy | str | None):
        raise ArgumentError(f"A dtype policy is a DTypePolicy or its name, got {policy!r}.")
    _POLICY.set(DTypePolicy(policy) if isinstance(policy, str) else policy)
