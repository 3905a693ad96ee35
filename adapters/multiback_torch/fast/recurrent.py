"""Recurrent layers by torch's kernels (the LSTM's is oneDNN's on a CPU)."""

import functools

import torch

from multiback.backends.protocol import Fast


def lstm(
    x, kernel, recurrent_kernel, bias, h, c, mask, *, activation, recurrent_activation, reverse, zero_output_for_mask
):
    if mask is not None:
        return masked_lstm(x, kernel, recurrent_kernel, bias, h, c, mask, reverse, zero_output_for_mask)
    zeros = x.new_zeros(1, x.shape[0], recurrent_kernel.shape[0]) if h is None or c is None else None
    states = [zeros if s is None else s.unsqueeze(0) for s in (h, c)]
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, no_bias(bias)]
    x = x.flip(1) if reverse else x
    y, h, c = torch.lstm(x, states, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0), c.squeeze(0)


def no_bias(bias):
    """torch's recurrent layers have two biases; this is the second, which nobody writes to."""
    if type(bias) is not torch.Tensor or torch.compiler.is_compiling():
        return torch.zeros_like(bias)
    return _zeros(bias.shape[0], bias.dtype, bias.device)


@functools.lru_cache(maxsize=16)
def _zeros(size, dtype, device):
    with torch.inference_mode(False):
        return torch.zeros(size, dtype=dtype, device=device)


def masked_lstm(x, kernel, recurrent_kernel, bias, h, c, mask, reverse, zero_output_for_mask):
    """The kernel with one more feature, which closes the input gate and opens the forget gate where the mask is False.

    So c stays. h does not, but its values after the last known step are not used, and before the first they are 0 when
    the states are; a mask with gaps, or known states before its start, is left to a loop.
    """
    if reverse:
        y, h, c = masked_lstm(
            x.flip(1), kernel, recurrent_kernel, bias, h, c, mask.flip(1), False, zero_output_for_mask
        )
        return y.flip(1), h, c
    starts = mask[:, 0].int() + (mask[:, 1:] & ~mask[:, :-1]).sum(1)
    begins = mask[:, 0] | ~mask.any(1) if h is not None or c is not None else True
    if not bool((begins & (starts <= 1)).all()):
        return looped_lstm(x, kernel, recurrent_kernel, bias, h, c, mask, zero_output_for_mask)
    units = recurrent_kernel.shape[0]
    gates = x.new_tensor([-1e4, 1e4, 0.0, 0.0]).repeat_interleave(units).unsqueeze(0)
    x = torch.cat((x.masked_fill(~mask.unsqueeze(-1), 0.0), (~mask).unsqueeze(-1).to(x.dtype)), -1)
    states = [x.new_zeros(1, x.shape[0], units) if s is None else s.unsqueeze(0) for s in (h, c)]
    weights = [torch.cat((kernel, gates)).t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, no_bias(bias)]
    y, _, last_c = torch.lstm(x, states, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    time = torch.arange(1, x.shape[1] + 1, device=x.device)
    seen = mask.cumsum(1) > 0
    known = torch.minimum(time, (mask * time).amax(1, keepdim=True)).clamp(min=1) - 1
    y = y.gather(1, known.unsqueeze(-1).expand(y.shape)).masked_fill(~seen.unsqueeze(-1), 0.0)
    last_h = y[:, -1] if h is None else torch.where(seen[:, -1:], y[:, -1], h)
    return y.masked_fill(~mask.unsqueeze(-1), 0.0) if zero_output_for_mask else y, last_h, last_c.squeeze(0)


def looped_lstm(x, kernel, recurrent_kernel, bias, h, c, mask, zero_output_for_mask):
    projected = x @ kernel if bias is None else x @ kernel + bias
    zeros = x.new_zeros(x.shape[0], recurrent_kernel.shape[0])
    h, c = (zeros if s is None else s for s in (h, c))
    output, outputs = zeros, []
    for z, known in zip(projected.unbind(1), mask.unsqueeze(-1).unbind(1)):
        i, f, g, o = (z + h @ recurrent_kernel).chunk(4, -1)
        new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        new_h = torch.sigmoid(o) * torch.tanh(new_c)
        output = torch.where(known, new_h, zeros if zero_output_for_mask else output)
        h, c = torch.where(known, new_h, h), torch.where(known, new_c, c)
        outputs.append(output)
    return torch.stack(outputs, 1), h, c


def gru(
    x, kernel, recurrent_kernel, bias, h, mask, *, activation, recurrent_activation, reset_after, reverse,
    zero_output_for_mask,
):  # fmt: skip
    units = recurrent_kernel.shape[0]
    if mask is not None:
        # One more feature opens the update gate, closes the reset gate and cancels the bias: h stays as it is.
        zeros = x.new_zeros(1, units)
        new = zeros if bias is None else -bias[:1, 2 * units :]
        kernel = torch.cat((kernel, torch.cat((zeros + 1e4, zeros - 1e4, new), 1)))
        x = torch.cat((x.masked_fill(~mask.unsqueeze(-1), 0.0), (~mask).unsqueeze(-1).to(x.dtype)), -1)
    state = x.new_zeros(1, x.shape[0], units) if h is None else h.unsqueeze(0)

    def reordered(w):
        update, reset, new = w.split(units, -1)
        return torch.cat((reset, update, new), -1)

    weights = [reordered(w).t() for w in (kernel, recurrent_kernel)]
    weights += [] if bias is None else list(reordered(bias))
    x = x.flip(1) if reverse else x
    y, h = torch.gru(x, state, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    y = y.flip(1) if reverse else y
    if mask is not None:
        seen = (mask.flip(1).cumsum(1) > 0).flip(1) if reverse else mask.cumsum(1) > 0
        y = y.masked_fill(~(mask if zero_output_for_mask else seen).unsqueeze(-1), 0.0)
    return y, h.squeeze(0)


def simple_rnn(x, kernel, recurrent_kernel, bias, h, mask, *, activation, reverse, zero_output_for_mask):
    state = x.new_zeros(1, x.shape[0], recurrent_kernel.shape[0]) if h is None else h.unsqueeze(0)
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, no_bias(bias)]
    x = x.flip(1) if reverse else x
    run = torch.rnn_tanh if activation == "tanh" else torch.rnn_relu
    y, h = run(x, state, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return y.flip(1) if reverse else y, h.squeeze(0)


def _unmasked(equation):
    return equation.inputs[equation.op.operands.index("mask")] is None


def _usual(equation):
    a = equation.attributes
    return (a["activation"], a["recurrent_activation"]) == ("tanh", "sigmoid")


FAST = {
    "lstm": Fast(lstm, when=_usual),
    "gru": Fast(gru, when=lambda e: _usual(e) and e.attributes["reset_after"]),
    "simple_rnn": Fast(simple_rnn, when=lambda e: _unmasked(e) and e.attributes["activation"] in ("tanh", "relu")),
}
