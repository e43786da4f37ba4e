"""What `$context.error.validationErrorString` says of a body: the words of the JSON schema library that AWS uses.

Source: public reports of API Gateway's answers (`[instance type (string) does not match any allowed primitive type
(allowed: ["integer","number"])]`), which are those of https://github.com/java-json-tools/json-schema-validator
(validation.properties).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from jsonschema.exceptions import ValidationError

KINDS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("null", lambda value: value is None),
    ("boolean", lambda value: isinstance(value, bool)),
    ("integer", lambda value: isinstance(value, int)),
    ("number", lambda value: isinstance(value, float)),
    ("string", lambda value: isinstance(value, str)),
    ("array", lambda value: isinstance(value, list)),
)


def said_of(errors: Iterable[ValidationError]) -> list[str]:
    """A text of each error; what is missing from one object is one text."""
    found: dict[tuple[str, str], str] = {}
    for error in errors:
        text = _text(error)
        found.setdefault((str(list(error.path)), text), text)
    return list(found.values())


def _text(error: ValidationError) -> str:
    tell = TEXTS.get(str(error.validator))
    return tell(error.validator_value, error.instance, error) if tell is not None else error.message


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _kind(value: Any) -> str:
    return next((name for name, fits in KINDS if fits(value)), "object")


def _type(said: Any, value: Any, _error: ValidationError) -> str:
    allowed = set([said] if isinstance(said, str) else said)
    if "number" in allowed:
        allowed.add("integer")
    return (
        f"instance type ({_kind(value)}) does not match any allowed primitive type (allowed: {_json(sorted(allowed))})"
    )


def _required(said: Any, value: Any, _error: ValidationError) -> str:
    missing = sorted(name for name in said if name not in value)
    return f"object has missing required properties ({_json(missing)})"


def _additional(_said: Any, value: Any, error: ValidationError) -> str:
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    more = sorted(name for name in value if name not in known)
    return f"object instance has properties which are not allowed by the schema: {_json(more)}"


def _enum(said: Any, value: Any, _error: ValidationError) -> str:
    return f"instance value ({_json(value)}) not found in enum (possible values: {_json(said)})"


def _shorter(said: Any, value: Any, _error: ValidationError) -> str:
    return f"string {_json(value)} is too short (length: {len(value)}, required minimum: {said})"


def _longer(said: Any, value: Any, _error: ValidationError) -> str:
    return f"string {_json(value)} is too long (length: {len(value)}, maximum allowed: {said})"


def _lower(said: Any, value: Any, _error: ValidationError) -> str:
    return f"numeric instance is lower than the required minimum (minimum: {_json(said)}, found: {_json(value)})"


def _greater(said: Any, value: Any, _error: ValidationError) -> str:
    return f"numeric instance is greater than the required maximum (maximum: {_json(said)}, found: {_json(value)})"


def _pattern(said: Any, value: Any, _error: ValidationError) -> str:
    return f"ECMA 262 regex {_json(said)} does not match input string {_json(value)}"


def _fewer(said: Any, value: Any, _error: ValidationError) -> str:
    return f"array is too short: must have at least {said} elements but instance has {len(value)} elements"


def _more(said: Any, value: Any, _error: ValidationError) -> str:
    return f"array is too long: must have at most {said} elements but instance has {len(value)} elements"


TEXTS: Mapping[str, Callable[[Any, Any, ValidationError], str]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "enum": _enum,
    "minLength": _shorter,
    "maxLength": _longer,
    "minimum": _lower,
    "maximum": _greater,
    "pattern": _pattern,
    "minItems": _fewer,
    "maxItems": _more,
    "uniqueItems": lambda _said, _value, _error: "array must not contain duplicate elements",
    "multipleOf": lambda said, value, _error: f"remainder of division is not zero ({_json(value)} / {_json(said)})",
    "anyOf": lambda said, _value, _error: f"instance failed to match at least one required schema among {len(said)}",
    "not": lambda _said, _value, _error: "instance matched a schema which it should not have",
}
