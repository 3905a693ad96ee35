"""Results that are computed again for the gradient, by a function of torch's autograd."""

import torch

from multiback.backends.protocol import Fast


class Again(torch.autograd.Function):
    """`body(*operands)`, run once more when its gradient is taken."""

    @staticmethod
    def forward(ctx, body, *operands):
        ctx.body = body
        ctx.save_for_backward(*operands)
        # An operand or a constant that is handed on must not become a result itself.
        outputs = tuple(x.view_as(x) for x in body(*operands))
        ctx.mark_non_differentiable(*(x for x in outputs if not x.is_floating_point()))
        ctx.set_materialize_grads(False)
        return outputs

    @staticmethod
    def backward(ctx, *cotangents):
        # While gradients of gradients are recorded, the operands keep their own history.
        twice = torch.is_grad_enabled()
        wanted = ctx.needs_input_grad[1:]
        with torch.enable_grad():
            operands = [
                (x.view_as(x) if twice else x.detach().requires_grad_()) if needed else x
                for x, needed in zip(ctx.saved_tensors, wanted)
            ]
            outputs = ctx.body(*operands)
            pairs = [(y, g) for y, g in zip(outputs, cotangents) if g is not None and y.requires_grad]
            sources = [x for x, needed in zip(operands, wanted) if needed]
            ys, gs = zip(*pairs) if pairs else ((), ())
            found = iter(torch.autograd.grad(ys, sources, gs, create_graph=twice, allow_unused=True) if pairs else ())
        return None, *(next(found, None) if needed else None for needed in wanted)


def remat(operands, *, body):
    if not torch.is_grad_enabled() or not any(x.requires_grad for x in operands):
        return tuple(body(*operands))
    return Again.apply(body, *operands)


FAST = {"remat": Fast(remat)}
