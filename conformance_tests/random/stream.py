"""The bits of one draw after another on standard output, without end, for batteries of statistical tests.

    python conformance_tests/random/stream.py | dieharder -a -g 200

Each draw has `--size` elements and the next key, as the dropout masks of successive steps do.
"""

import argparse
import contextlib
import sys

import numpy as np

from multiback.random._hash import counter_hash


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1 << 20, help="elements of a draw")
    parser.add_argument("--key", type=int, default=123456789, help="first half of every key")
    parser.add_argument("--step", type=int, default=0, help="second half of the first key; counts up")
    given = parser.parse_args()
    counters = np.arange(given.size, dtype=np.uint32)
    step = given.step
    with contextlib.suppress(BrokenPipeError):
        while True:
            sys.stdout.buffer.write(counter_hash(counters, given.key, step).tobytes())
            step = (step + 1) % (1 << 32)


if __name__ == "__main__":
    main()
