"""Every check of the shipped suite on every backend, as `multiback conformance` runs them."""

from multiback.testing.suite import (  # noqa: F401
    test_conformance,
    test_each_divergence_is_pinned,
    test_ids_are_unique,
    test_no_deviation_is_stale,
    test_nothing_is_uncovered,
)
