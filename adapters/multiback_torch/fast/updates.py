"""Optimizer steps on all arrays at once, in place, where the graph lets the old values go."""

import functools
import math

import torch

from multiback.backends.protocol import Fast

IN_PLACE = {
    "sgd_update": ("parameters",),
    "momentum_update": ("parameters", "means"),
    "adam_update": ("parameters", "means", "squares", "largest"),
    "rmsprop_update": ("parameters", "squares", "averages", "means"),
    "adagrad_update": ("parameters", "sums"),
}
"""The operands that each step writes into."""


def sgd_update(parameters, gradients, learning_rate, *, in_place):
    torch._fused_sgd_(
        parameters,
        # The kernel reads memory in the order of the parameters.
        [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in zip(gradients, parameters)],
        [],
        lr=learning_rate,
        momentum=0.0,
        weight_decay=0.0,
        dampening=0.0,
        nesterov=False,
        maximize=False,
        is_first_step=False,
    )
    return parameters


def sgd_update_by_parts(parameters, gradients, learning_rate, *, in_place):
    torch._foreach_sub_(parameters, torch._foreach_mul(gradients, learning_rate))
    return parameters


def momentum_update(parameters, gradients, means, learning_rate, *, momentum, nesterov, in_place):
    steps = torch._foreach_mul(gradients, learning_rate)
    torch._foreach_mul_(means, momentum)
    torch._foreach_sub_(means, steps)
    if nesterov:
        torch._foreach_sub_(parameters, steps)
        torch._foreach_add_(parameters, means, alpha=momentum)
    else:
        torch._foreach_add_(parameters, means)
    return parameters, means


def adam_update(parameters, gradients, means, squares, largest, learning_rate, *, beta_1, beta_2, epsilon, in_place):
    torch._fused_adam_(
        parameters,
        # The kernel reads memory in the order of the parameters.
        [g if g.stride() == p.stride() else torch.empty_like(p).copy_(g) for g, p in zip(gradients, parameters)],
        means,
        squares,
        largest,
        [_late(learning_rate)] * len(parameters),
        lr=learning_rate,
        beta1=beta_1,
        beta2=beta_2,
        weight_decay=0.0,
        eps=epsilon,
        amsgrad=len(largest) > 0,
        maximize=False,
    )
    return parameters, means, squares, largest


def _late(rate):
    """A step so late that the kernel's own correction of the bias, 1 - beta ** step, is 1; the rate has it already."""
    if type(rate) is not torch.Tensor or torch.compiler.is_compiling():
        return torch.full((), 1e12, dtype=torch.float32, device=rate.device)
    return _late_on(rate.device)


@functools.cache
def _late_on(device):
    with torch.inference_mode(False):
        return torch.full((), 1e12, dtype=torch.float32, device=device)


def bias_corrected_rate(learning_rate, step, *, beta_1, beta_2):
    if not (learning_rate.is_cpu and step.is_cpu) or torch.compiler.is_compiling():
        t = step.to(torch.promote_types(learning_rate.dtype, torch.float32))
        means, squares = (-torch.expm1(t * math.log(b)) if b > 0 else torch.ones_like(t) for b in (beta_1, beta_2))
        return learning_rate * (torch.sqrt(squares) / means).to(learning_rate.dtype)
    # On a CPU, numbers cost less than arrays of one element.
    t = step.item()
    means, squares = (-math.expm1(t * math.log(b)) if b > 0 else 1.0 for b in (beta_1, beta_2))
    if means <= 0 or squares < 0:
        return learning_rate * (math.inf if means == 0 else math.nan)
    return torch.scalar_tensor(learning_rate.item() * math.sqrt(squares) / means, dtype=learning_rate.dtype)


def adam_update_by_parts(
    parameters, gradients, means, squares, largest, learning_rate, *, beta_1, beta_2, epsilon, in_place
):
    torch._foreach_lerp_(means, gradients, 1.0 - beta_1)
    torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1.0 - beta_2)
    if largest:
        torch._foreach_maximum_(largest, squares)
    divisors = torch._foreach_sqrt(largest or squares)
    torch._foreach_add_(divisors, epsilon)
    steps = torch._foreach_div(means, divisors)
    torch._foreach_mul_(steps, learning_rate)
    torch._foreach_sub_(parameters, steps)
    return parameters, means, squares, largest


def rmsprop_update(parameters, gradients, squares, averages, means, learning_rate, *, rho, momentum, epsilon, in_place):
    torch._foreach_mul_(squares, rho)
    torch._foreach_addcmul_(squares, gradients, gradients, 1.0 - rho)
    if averages:
        torch._foreach_mul_(averages, rho)
        torch._foreach_add_(averages, gradients, alpha=1.0 - rho)
        roots = torch._foreach_addcmul(squares, averages, averages, -1.0)
        torch._foreach_add_(roots, epsilon)
    else:
        roots = torch._foreach_add(squares, epsilon)
    torch._foreach_sqrt_(roots)
    steps = torch._foreach_div(gradients, roots)
    torch._foreach_mul_(steps, learning_rate)
    if means:
        torch._foreach_mul_(means, momentum)
        torch._foreach_add_(means, steps)
        steps = means
    torch._foreach_sub_(parameters, steps)
    return parameters, squares, averages, means


def adagrad_update(parameters, gradients, sums, learning_rate, *, epsilon, in_place):
    torch._foreach_addcmul_(sums, gradients, gradients)
    roots = torch._foreach_add(sums, epsilon)
    torch._foreach_sqrt_(roots)
    steps = torch._foreach_div(gradients, roots)
    torch._foreach_mul_(steps, learning_rate)
    torch._foreach_sub_(parameters, steps)
    return parameters, sums


def _works(step, arrays, expected, **attributes):
    """Whether this build of torch has a fused step, with the formula that is relied on."""
    arrays = [torch.tensor([x]) for x in arrays]
    try:
        step(*([x] for x in arrays), *attributes.pop("rest"), **attributes, in_place=True)
    except (AttributeError, RuntimeError, TypeError, NotImplementedError):
        return False
    return [x.item() for x in arrays] == expected


_RATE = torch.tensor(1.0)
_HAS_SGD = _works(sgd_update, [1.0, 0.25], [0.75, 0.25], rest=[_RATE])
_HAS_ADAM = _works(
    adam_update, [1.0, 1.0, 0.0, 0.0], [0.5, 1.0, 0.5, 0.25], rest=[[], _RATE], beta_1=0.5, beta_2=0.75, epsilon=0.5
)


def _in_place(equation):
    return equation.attributes.get("in_place", False)


def _fused(equation):
    return _in_place(equation) and equation.flat_inputs[0].dtype.bits >= 32


FAST = {
    "sgd_update": Fast(sgd_update, when=_fused) if _HAS_SGD else Fast(sgd_update_by_parts, when=_in_place),
    "momentum_update": Fast(momentum_update, when=_in_place),
    "adam_update": Fast(adam_update, when=_fused) if _HAS_ADAM else Fast(adam_update_by_parts, when=_in_place),
    "rmsprop_update": Fast(rmsprop_update, when=_in_place),
    "adagrad_update": Fast(adagrad_update, when=_in_place),
    "bias_corrected_rate": Fast(bias_corrected_rate),
}
