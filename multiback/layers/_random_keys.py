"""The keys of a layer's random draws: from the seed, its path, and a counter that every call with draws advances."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import StateError
from multiback.graph.op import OPS
from multiback.layers._context import CallContext, current_context
from multiback.random._seed import generation, key_for
from multiback.variables import Variable


class RandomKeys:
    """Gives a layer keys; the outermost layer of a call counts the steps."""

    path: Any
    _random_state: Variable | None
    _resumed_seed: int | None

    def _random_key(self, seed: int | None = None, salt: str = "") -> Any:
        """The key of this layer's draws in this step: int32[2], from (seed, path, step)."""
        context = current_context()
        if context is None:
            raise StateError("Random keys are made inside a call of a layer.")
        if context.step_key is None:
            # In the graph of the outermost call, where the bodies of loops and branches can use it too.
            builder, make = context.builder, context.owner._step_key
            context.step_key = make() if builder is None else builder.run(make)
        seed = context.owner._run_seed() if seed is None else seed
        own = key_for(f"{self.path}/{salt}" if salt else self.path, seed=seed)
        return OPS["bitwise_xor"](context.step_key, np.asarray(own, np.uint32).view(np.int32))

    def _run_seed(self) -> int | None:
        """The seed of the run that a loaded model goes on with; None: the process's, which wins once it is set."""
        return self._resumed_seed if generation() == 0 else None

    def _step_key(self) -> Any:
        step = self._random_state_variable()
        zero = OPS["multiply"](step, np.zeros(2, np.int32))
        return OPS["fold_in"](zero, OPS["squeeze"](step))

    def _random_state_variable(self) -> Variable:
        """The counter of the calls that drew random numbers, made when first needed."""
        if self._random_state is None:
            path = f"{self.path}/random_state"
            zero = np.zeros(1, np.int32)
            self._random_state = Variable(zero, dtype="int32", trainable=False, name="random_state", path=path)
        return self._random_state

    def _advance_random_state(self, context: CallContext) -> None:
        if context.step_key is not None and self._random_state is not None:
            self._random_state.assign(OPS["add"](self._random_state, 1))
