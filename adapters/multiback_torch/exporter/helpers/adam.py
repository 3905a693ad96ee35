"""Adam as Keras computes it."""

import torch


class Adam(torch.optim.Optimizer):
    """Adam with epsilon added before the correction of the bias, and with decoupled weight decay."""

    def __init__(self, parameters, lr, beta_1=0.9, beta_2=0.999, eps=1e-7, weight_decay=0.0):
        defaults = {"lr": lr, "beta_1": beta_1, "beta_2": beta_2, "eps": eps, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, beta_1, beta_2 = group["lr"], group["beta_1"], group["beta_2"]
            for parameter in [p for p in group["params"] if p.grad is not None]:
                state = self.state[parameter]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
                state["step"] += 1
                parameter.mul_(1 - lr * group["weight_decay"])
                state["mean"].lerp_(parameter.grad, 1 - beta_1)
                state["square"].lerp_(parameter.grad.square(), 1 - beta_2)
                rate = lr * (1 - beta_2 ** state["step"]) ** 0.5 / (1 - beta_1 ** state["step"])
                parameter.addcdiv_(state["mean"], state["square"].sqrt().add_(group["eps"]), value=-rate)
