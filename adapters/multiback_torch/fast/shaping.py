"""Views and single calls in place of a composite's body."""

from multiback.backends.protocol import Fast


def one_axis(equation):
    return isinstance(equation.attributes["axis"], int)


def rolls_axes(equation):
    return isinstance(equation.attributes["shift"], tuple) is isinstance(equation.attributes["axis"], tuple) and (
        equation.attributes["axis"] is not None
    )


FAST = {
    "expand_dims": Fast("{x}.unsqueeze({axis})", one_axis),
    "squeeze": Fast("{x}.squeeze({axis})"),
    "stack": Fast("torch.stack({x}, {axis})"),
    "split": Fast("{x}.tensor_split({indices_or_sections}, {axis})"),
    "unstack": Fast("{x}.unbind({axis})"),
    "roll": Fast("{x}.roll({shift}, {axis})", rolls_axes),
    "tril": Fast("{x}.tril({k})"),
    "triu": Fast("{x}.triu({k})"),
    "diagonal": Fast("{x}.diagonal({offset}, {axis1}, {axis2})"),
}
