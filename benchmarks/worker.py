"""The process of one peer on one workload: builds it, then runs and times the chunks it is asked for.

Started by run.py. Requests and replies are lines of JSON on standard input and output.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

# Rows of the logits sent back, enough to tell two models apart.
COMPARED_ROWS = 8


def timed(action: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """CPU seconds of the whole process and wall seconds of `action`, and its result."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}, result


def claim_standard_output() -> TextIO:
    """A stream to the driver that nothing a framework prints can get into."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


def main(peer_name: str, workload_name: str, core: int) -> None:
    """Serve one peer on one workload, on one core, until standard input ends."""
    os.sched_setaffinity(0, {core})
    replies = claim_standard_output()

    def reply(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=replies, flush=True)

    from peers import PEERS
    from workloads import WORKLOADS

    peer = PEERS[peer_name].build(WORKLOADS[workload_name])
    first_predict, initial = timed(partial(peer.predict, 1))
    first_train, _ = timed(partial(peer.train, 1))
    after_one_step = peer.predict(1)
    reply(
        {
            "parameters": int(peer.parameter_count()),
            "versions": peer.versions(),
            "first_predict_s": first_predict["cpu"],
            "first_train_s": first_train["cpu"],
            "first_loss": peer.loss(),
            "initial_logits": initial[:COMPARED_ROWS].tolist(),
            "logits_after_one_step": after_one_step[:COMPARED_ROWS].tolist(),
        }
    )
    for line in sys.stdin:
        action, count = json.loads(line)
        times, _ = timed(partial(getattr(peer, action), count))
        reply({**times, "loss": peer.loss()})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
