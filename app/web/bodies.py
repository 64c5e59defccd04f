"""JSON bodies: decoded strictly from the bytes, and described in OpenAPI from the same struct.

The framework would convert leniently (``"true"`` for a boolean); these shapes are strict, and an
error names the field without ever repeating its value.
"""

import re
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec
from litestar.openapi.spec import Operation, RequestBody

from app.domain.errors import InvalidField

T = TypeVar("T")

# What decoding raises; brackets within brackets, thousands deep, end in a RecursionError of Python itself.
MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>\w+)`")


def read_body(shape: type[T], body: bytes) -> T:
    """Decode a whole body; raises ``InvalidField`` with the JSON path of what is wrong."""
    try:
        return msgspec.json.decode(body, type=shape)
    except MALFORMED as error:
        raise invalid_field(error) from None


def invalid_field(error: Exception, parent: str = "") -> InvalidField:
    """The sentence and the path of a decoding error; ``parent`` leads the path."""
    if not isinstance(error, msgspec.ValidationError):
        return InvalidField("The request is not valid JSON.", parent)
    found = _PATH.search(str(error))
    message = _PATH.sub("", str(error))
    path = found["path"] if found else ""
    if missing := _MISSING.search(message):
        field = _joined(parent, path, missing["name"])
        return InvalidField(f"{field} is missing.", field)
    field = _joined(parent, path)
    return InvalidField(_sentence(field, message), field)


def _sentence(field: str, message: str) -> str:
    """What was expected. Names and values that the client chose are left out: they may be anything."""
    subject = field or "The request"
    if message.startswith("Object contains unknown field"):
        return f"{subject} has a field that is not known."
    if message.startswith("Expected "):
        expected = message.removeprefix("Expected ").partition(", got ")[0].replace("`", "")
        return f"{subject} is not right: expected {expected}."
    if message.startswith("photoId "):
        return f"{message}."
    return f"{subject} is not right."


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part).replace(".[", "[")


def json_body(shape: type[Any]) -> type[Operation]:
    """An OpenAPI operation whose request body is ``shape``, for a handler that takes ``body: RawBody``."""
    return operation_with(inline_schema(shape))


def operation_with(schema: dict[str, Any]) -> type[Operation]:
    """An OpenAPI operation whose JSON request body follows this schema."""

    @dataclass
    class JsonOperation(Operation):
        def __post_init__(self) -> None:
            content = cast("Any", {"application/json": {"schema": schema}})
            self.request_body = RequestBody(content=content, required=True)

    return JsonOperation


def inline_schema(shape: type[Any]) -> dict[str, Any]:
    """JSON Schema of a struct, with the structs inside it in their places instead of references."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    return cast("dict[str, Any]", _inlined(schema, parts))


def _inlined(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(parts[node["$ref"]], parts)
    return {key: _inlined(value, parts) for key, value in node.items()}
