"""Activation functions that torch computes in one pass."""

from multiback.backends.protocol import Fast


def _not_wide(equation):
    """torch's gradient of hardsigmoid multiplies by a sixth in float32, whatever the dtype."""
    return equation.flat_inputs[0].dtype != "float64"


FAST = {
    "relu": Fast("torch.relu({x})"),
    "relu6": Fast("F.relu6({x})"),
    "leaky_relu": Fast("F.leaky_relu({x}, {negative_slope})"),
    "elu": Fast("F.elu({x}, {alpha})"),
    "selu": Fast("torch.selu({x})"),
    "celu": Fast("torch.celu({x}, {alpha})"),
    "gelu": Fast("F.gelu({x}, approximate='tanh' if {approximate} else 'none')"),
    "sigmoid": Fast("torch.sigmoid({x})"),
    # Beyond its threshold torch returns x itself: at 40 that is exact in float64 too.
    "softplus": Fast("F.softplus({x}, threshold=40)"),
    "log_sigmoid": Fast("F.logsigmoid({x})"),
    "hard_sigmoid": Fast("F.hardsigmoid({x})", when=_not_wide),
    "silu": Fast("F.silu({x})"),
    "hard_tanh": Fast("F.hardtanh({x})"),
    "mish": Fast("F.mish({x})"),
    "soft_shrink": Fast("F.softshrink({x}, {threshold})"),
    "hard_shrink": Fast("F.hardshrink({x}, {threshold})"),
    "threshold": Fast("F.threshold({x}, {threshold}, {default_value})"),
    "glu": Fast("F.glu({x}, {axis})"),
}
