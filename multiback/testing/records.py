"""What the suite is made of: a Check judges one subject in one way and yields Rows; a run turns it into a Result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from multiback.backends.protocol import Adapter
from multiback.testing.deviations import Deviation
from multiback.testing.judge import Verdict

Status = Literal["passed", "failed", "error", "deviation", "unexpected_pass", "unsupported"]
STATUSES: tuple[Status, ...] = ("passed", "failed", "error", "deviation", "unexpected_pass", "unsupported")


@dataclass(frozen=True)
class Row:
    """One comparison: what was compared, the verdict, and the operands it was computed from."""

    what: str
    verdict: Verdict
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)


def holds(what: str, passed: bool, text: str) -> Row:
    """A row about a statement that is true or not, with the text that says what was found and expected."""
    return Row(what, Verdict(bool(passed), 0.0 if passed else np.inf, "holds" if passed else text))


@dataclass(frozen=True, eq=False)
class Check:
    """One question put to a backend.

    Attributes:
        kind: The chapter, such as "ops" or "layers".
        subject: The registered name that is judged, such as "softmax" or "LSTM".
        case: What tells it from the subject's other checks.
        dtype: The dtype it is computed in; "" where that has no meaning.
        run: Computes on an adapter, whose backend is selected, and yields the comparisons.
        path: "native" (fast versions of composites used), "expanded" (their bodies), or "rivals" (each of the other
            ways that an adapter has to run the op).
        thorough: Whether it is left to the long sweep.
        family: A name for the subject and others like it, such as the module of an op, to choose them together.
        concerns: Whether it has a meaning for an adapter; it is not counted for the others.
    """

    kind: str
    subject: str
    case: str
    dtype: str
    run: Callable[[Adapter], Iterable[Row]]
    path: Literal["native", "expanded", "rivals"] = "native"
    thorough: bool = False
    family: str = ""
    concerns: Callable[[Adapter], bool] = lambda adapter: True

    @property
    def id(self) -> str:
        """Such as `ops/softmax/axis/float32`; the name by which deviations refer to it."""
        parts = (self.kind, self.subject, self.case, self.dtype, "" if self.path == "native" else self.path)
        return "/".join(filter(None, parts))


@dataclass(frozen=True)
class Result:
    """What one check gave on one backend.

    Attributes:
        check: The check.
        backend: The backend's name.
        status: passed; failed: a comparison is out of its bound; error: an exception; deviation: failed, as declared;
            unexpected_pass: declared as a deviation but passed; unsupported: the adapter has no lowering for it.
        rows: The comparisons that were made before it ended.
        seconds: Wall time.
        message: The exception's text, or the first failing rows.
        deviation: The declaration, if there is one.
    """

    check: Check
    backend: str
    status: Status
    rows: tuple[Row, ...]
    seconds: float
    message: str = ""
    deviation: Deviation | None = None

    @property
    def acceptable(self) -> bool:
        """Whether a run with this result may be called green: passed, or failing or unsupported as declared."""
        return self.status in ("passed", "deviation") or (self.status == "unsupported" and self.deviation is not None)

    @property
    def worst(self) -> Row | None:
        """The row that uses most of its bound; one that failed before any that passed."""
        return max(self.rows, key=lambda row: (not row.verdict.passed, margin(row.verdict)), default=None)


def margin(verdict: Verdict) -> float:
    """Measured c relative to the bound: at most 1 within it."""
    if verdict.measured == 0.0:
        return 0.0
    return verdict.measured / verdict.bound if verdict.bound else np.inf
