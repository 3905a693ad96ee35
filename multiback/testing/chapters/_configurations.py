"""Whether an object comes back from its configuration, also through JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from multiback.testing.records import Row, holds


def comes_back(item: Any, package: Any) -> Iterator[Row]:
    """Compares an object with those made from its configuration.

    Arguments:
        item: Has `get_config`.
        package: Has `serialize`, `deserialize` and, for a name as well as a configuration, `get`.
    """
    config = item.get_config()
    written = package.serialize(item)
    for what, given in (("configuration", written), ("configuration as JSON", json.loads(json.dumps(written)))):
        again = package.deserialize(given)
        yield holds(f"class from its {what}", type(again) is type(item), f"{type(again)}, expected {type(item)}")
        found = again.get_config()
        yield holds(f"settings from its {what}", _plain(found) == _plain(config), f"{found}, expected {config}")


def _plain(config: Any) -> Any:
    """With tuples as lists, which JSON does not tell apart."""
    return json.loads(json.dumps(config))
