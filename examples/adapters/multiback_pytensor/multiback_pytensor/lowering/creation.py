"""Arrays made from sizes."""

LOWER = {"iota": "pt.arange({size}, dtype='int32')"}
