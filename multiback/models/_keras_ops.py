"""How ops between layers are written in Keras's configurations: as classes with attributes, called on operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multiback.errors import SavingError
from multiback.graph.op import OPS
from multiback.layers._names import snake_case
from multiback.layers._symbolic import any_symbolic
from multiback.saving.registry import deserialize

_PACKAGE = "keras.src.ops."
# Ops whose Keras class has the same parameters in the same order, by the module of that class.
_MODULES = {
    "numpy": """
        abs add all amax amin any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort average
        bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_to ceil
        clip concatenate cos cosh count_nonzero cumprod cumsum diag diagonal divide divide_no_nan dot equal exp exp2
        expand_dims expm1 flip floor floor_divide getitem greater greater_equal hypot inner isfinite isinf isnan less
        less_equal log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor matmul max maximum
        mean min minimum moveaxis multiply nan_to_num negative not_equal ones_like outer pad power prod ravel
        reciprocal remainder repeat reshape roll round sign sin sinh sort split sqrt square squeeze stack std subtract
        sum swapaxes take take_along_axis tan tanh tensordot tile trace transpose tril triu trunc var vdot where
        zeros_like
    """,
    "nn": """
        average_pool celu conv_transpose depthwise_conv elu gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh
        leaky_relu log_sigmoid log_softmax max_pool moments normalize one_hot relu relu6 selu sigmoid silu soft_shrink
        softmax softplus softsign sparse_plus sparse_sigmoid squareplus tanh_shrink threshold
    """,
    "linalg": "norm",
    "math": "erf in_top_k logsumexp rsqrt top_k",
    "core": "cast saturate_cast stop_gradient unstack",
}
_MODULE = {op: module for module, names in _MODULES.items() for op in names.split()}
_CLASS = {"getitem": "GetItem", "remainder": "Mod"}
# Where not just the attributes are arguments of the constructor.
_CONSTRUCTED = {"clip": ("x_min", "x_max"), "getitem": (), "pad": ("pad_width", "mode")}
_OTHER_NAMES = {
    "absolute": "abs",
    "all_close": "allclose",
    "batch_norm": "batch_normalization",
    "bitwise_not": "bitwise_invert",
    "get_item": "getitem",
    "layer_norm": "layer_normalization",
    "left_shift": "bitwise_left_shift",
    "mod": "remainder",
    "right_shift": "bitwise_right_shift",
    "rms_norm": "rms_normalization",
    "search_sorted": "searchsorted",
    "slice": "dynamic_slice",
    "slice_update": "dynamic_update_slice",
    "true_divide": "divide",
}


def is_keras_op(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of an op in Keras's form."""
    return str(config.get("module", "")).startswith((_PACKAGE, "keras.ops"))


def write_op(op: str, arguments: Mapping[str, Any], symbolic: Callable[[Any], bool]) -> dict[str, Any] | None:
    """An op in Keras's form; None if Keras cannot express this call.

    Arguments:
        op: Its name.
        arguments: All its arguments, encoded, in the order of its parameters.
        symbolic: Whether an encoded argument stands for a tensor.

    Returns:
        `module`, `class_name`, `config` without the name, and `args`.
    """
    if op not in _MODULE:
        return None
    constructed = _CONSTRUCTED.get(op, OPS[op].attributes)
    config = {k: arguments[k] for k in constructed}
    if any(symbolic(value) for value in config.values()):
        return None
    return {
        "module": _PACKAGE + _MODULE[op],
        "class_name": _CLASS.get(op) or "".join(part.capitalize() for part in op.split("_")),
        "config": config,
        "args": [value for k, value in arguments.items() if k not in constructed],
    }


def read_op(config: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that a configuration in Keras's form describes.

    Raises:
        SavingError: if there is no such op.
    """
    name = snake_case(str(config.get("class_name")))
    name = _OTHER_NAMES.get(name, name)
    if name not in OPS:
        raise SavingError(f"The op {config.get('class_name')!r} between the layers is not among ours.")
    attributes = {k: deserialize(v) for k, v in (config.get("config") or {}).items() if k != "name"}

    def apply(*args: Any, **kwargs: Any) -> Any:
        # Without a tensor, an op would compute at once, as large as the file says.
        if not any_symbolic((args, kwargs)):
            raise SavingError(f"The op {config.get('class_name')!r} is applied to no tensor. Use an undamaged copy.")
        if name == "getitem" and isinstance(args[-1], list):
            args = (*args[:-1], tuple(args[-1]))  # JSON has no tuples.
        return OPS[name](*args, **kwargs, **attributes)

    return apply
