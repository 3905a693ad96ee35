"""Ops that are defined by a function: the model's own, and those whose schema has a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback_onnx.importer.files import number_of
from multiback_onnx.importer.node import dtype_of


def function_of(proto: Any, version: int, values: Sequence[Any] | None, own: Mapping[tuple[str, str], Any]) -> Any:
    """The FunctionProto that defines a node's op, or None.

    Arguments:
        proto: The node.
        version: Of its domain.
        values: Its inputs, on whose types some bodies depend: without them those have none.
        own: The model's functions by (domain, name).
    """
    if (proto.domain, proto.op_type) in own:
        return own[proto.domain, proto.op_type]
    schema = schema_of(proto, version)
    if schema is None:
        return None
    if schema.has_function:
        versions = [v for v in schema.function_opset_versions if v <= version]
        if versions:
            return _parsed(schema.get_function_with_opset_version(max(versions)))
    if schema.has_context_dependent_function and values is not None:
        versions = [v for v in schema.context_dependent_function_opset_versions if v <= version]
        if versions:
            types = [_type_of(value) for value in values]
            body = schema.get_context_dependent_function_with_opset_version(
                max(versions), proto.SerializeToString(), types
            )
            return _parsed(body)
    return None


def has_function(proto: Any, version: int, own: Mapping[tuple[str, str], Any]) -> bool:
    """Whether an op has a body, whatever its inputs."""
    if (proto.domain, proto.op_type) in own:
        return True
    schema = schema_of(proto, version)
    return schema is not None and (schema.has_function or schema.has_context_dependent_function)


def schema_of(proto: Any, version: int) -> Any:
    """The schema of a node's op at a version of its domain, or None."""
    from onnx import defs

    try:
        return defs.get_schema(proto.op_type, version, "" if proto.domain == "ai.onnx" else proto.domain)
    except defs.SchemaError:
        return None


def _parsed(body: Any) -> Any:
    from onnx import FunctionProto

    if not isinstance(body, bytes):
        return body
    function = FunctionProto()
    function.ParseFromString(body)
    return function


def _type_of(value: Any) -> bytes:
    from onnx import TypeProto, helper

    if value is None:
        return TypeProto().SerializeToString()
    shape = [size if isinstance(size, int) else str(size) for size in value.shape]
    return helper.make_tensor_type_proto(number_of(dtype_of(value)), shape).SerializeToString()
