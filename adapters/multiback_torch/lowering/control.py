"""Control flow and differentiation: Python loops over generated functions, and torch.autograd."""

import torch


def cond(predicate, operands, *, true_graph, false_graph):
    return true_graph(*operands) if predicate else false_graph(*operands)


def while_loop(init, captures, *, condition, body):
    state = init
    while condition(*state, *captures)[0]:
        state = body(*state, *captures)
    return state


def scan(init, xs, captures, *, body, length, reverse, output_specs):
    carry, rows = init, []
    columns = [x.unbind(0) for x in xs]
    for t in range(length - 1, -1, -1) if reverse else range(length):
        out = body(*carry, *[column[t] for column in columns], *captures)
        carry = out[: len(init)]
        rows.append(out[len(init) :])
    if not rows:
        device = next((x.device for x in (*init, *xs, *captures)), None)
        return carry, tuple(torch.zeros(shape, dtype=dtype, device=device) for shape, dtype in output_specs[1])
    if reverse:
        rows.reverse()
    return carry, tuple(torch.stack(column) for column in zip(*rows))


def value_and_grad(wrt, captures, *, body):
    nested = torch.is_grad_enabled()
    with torch.enable_grad():
        if nested:
            leaves = [w.view_as(w) if w.requires_grad else w.detach().requires_grad_() for w in wrt]
        else:
            leaves = [w if w.requires_grad and w.is_leaf else w.detach().requires_grad_() for w in wrt]
        outputs = body(*leaves, *captures)
        gradients = (
            torch.autograd.grad(outputs[0], leaves, create_graph=nested, allow_unused=True, materialize_grads=True)
            if outputs[0].requires_grad
            else [torch.zeros_like(w) for w in leaves]
        )
    if not nested:
        outputs = tuple(x.detach() for x in outputs)
    return outputs, tuple(gradients)


LOWER = {
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    "value_and_grad": value_and_grad,
}
