"""JSON is read strictly: what is ambiguous, endless or not a number is refused, and said."""

from __future__ import annotations

import math

import pytest

from multiback.errors import SavingError
from multiback.saving import strict_json

REFUSED = {
    "duplicate key": (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' occurs twice"),
    "NaN": (b'{"a": NaN}', "NaN is not a JSON number"),
    "infinity": (b"[-Infinity]", "-Infinity is not a JSON number"),
    "overflow": (b'{"a": 1e999}', "beyond float64"),
    "big integer": (b"[36893488147419103232]", "beyond 64 bits"),
    "endless integer": (b"[" + b"9" * 5000 + b"]", "beyond 64 bits"),
    "deep list": (b"[" * 201 + b"]" * 201, "nested deeper than 200"),
    "very deep list": (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 200"),
    "deep object": (b'{"a":' * 300 + b"1" + b"}" * 300, "nested deeper than 200"),
    "cut short": (b'{"a": [1, 2', "line 1, column 12"),
    "trailing text": (b"{} {}", "Extra data"),
    "not UTF-8": (b'"\xff\xfe"', "not UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "not valid"),
    "empty": (b"", "not valid"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, message = REFUSED[name]
    with pytest.raises(SavingError, match=r"model\.keras: config\.json") as caught:
        strict_json.loads(data, "model.keras: config.json")
    assert message in str(caught.value)


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 10)
    assert strict_json.loads(b"[1, 2, 3]", "x") == [1, 2, 3]
    with pytest.raises(SavingError, match="at most 10"):
        strict_json.loads(b"[1, 2, 3, 4]", "x")


def test_what_is_allowed_comes_back_as_it_was() -> None:
    value = {"a": [1, -(2**63), 1.5e-300, True, None, "\u20ac"], "nested": {str(i): i for i in range(9)}}
    assert strict_json.loads(strict_json.dumps(value, "x").encode(), "x") == value


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}])
def test_what_json_cannot_express_is_refused_when_written(value: object) -> None:
    with pytest.raises(SavingError, match="The configuration of model 'm' cannot be written"):
        strict_json.dumps({"a": value}, "The configuration of model 'm'")
