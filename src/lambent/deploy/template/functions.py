"""Intrinsic functions: a value of a template into what it means.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html; what
AWS::LanguageExtensions adds: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-languageextensions.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template import cidr

NO_VALUE = "AWS::NoValue"
VARIABLE = re.compile(r"\$\{([^{}]*)\}")
LITERAL = "!"
MOST_WORK = 500_000
"""Values that one value may be made of: a template has 1 MB."""
TEXT_WORK = 64
"""Characters that cost what a value costs."""
TOO_MUCH = "Template error: a value unfolds to too much"  # our wording


class _Nothing:
    """What `AWS::NoValue` is: the property that has it is not there."""

    def __repr__(self) -> str:
        return NO_VALUE


NOTHING = _Nothing()


def _no_attribute(name: str, attribute: str) -> Any:
    raise TemplateInvalid(f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt")


def _no_reference(name: str) -> Any:
    raise TemplateInvalid(
        f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What values are evaluated with.

    `references` holds parameters, pseudo parameters and what made resources are called; `attribute` answers what
    Fn::GetAtt gives and raises TemplateInvalid; `conditions` are evaluated already.
    """

    references: Mapping[str, Any] = field(default_factory=dict)
    attribute: Callable[[str, str], Any] = _no_attribute
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    unknown: Callable[[str], Any] = _no_reference
    work: list[int] = field(default_factory=lambda: [MOST_WORK])
    """What may still be evaluated of the value at hand: functions in functions double what they are given."""


def resolve(value: Any, context: Context) -> Any:
    """What a value means; members that are `AWS::NoValue` are left out. Raises TemplateInvalid."""
    context.work[0] = MOST_WORK
    try:
        found = _resolve(value, context)
    except RecursionError:
        raise TemplateInvalid(TOO_MUCH) from None
    return None if found is NOTHING else found


def _resolve(value: Any, context: Context) -> Any:
    _spend(len(value) if isinstance(value, str) else 0, context)
    if isinstance(value, dict):
        if len(value) == 1:
            [(name, argument)] = value.items()
            function = FUNCTIONS.get(name)
            if function is not None:
                return function(argument, context)
            if name.startswith("Fn::"):
                raise TemplateInvalid(f"Template Error: Encountered unsupported function: {name}")
        found = {name: _resolve(one, context) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not NOTHING}
    if isinstance(value, list):
        return [one for one in (_resolve(one, context) for one in value) if one is not NOTHING]
    return value


def _ref(argument: Any, context: Context) -> Any:
    name = _resolve(argument, context)
    if name == NO_VALUE:
        return NOTHING
    if isinstance(name, str) and name in context.references:
        return context.references[name]
    return context.unknown(str(name))


def split_name(argument: Any) -> tuple[str, str]:
    """Resource and attribute of an Fn::GetAtt, where both are texts; "" for what is not."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not all(isinstance(one, str) for one in parts):
        return "", ""
    return parts[0], ".".join(parts[1:])


def _get_att(argument: Any, context: Context) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        raise TemplateInvalid(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    name, *attribute = [str(_resolve(one, context)) for one in parts]
    return context.attribute(name, ".".join(attribute))


def _sub(argument: Any, context: Context) -> Any:
    text, own = (argument, {}) if isinstance(argument, str) else _two(argument)
    if not isinstance(text, str) or not isinstance(own, dict):
        raise TemplateInvalid(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
            "string as first argument, and an optional second argument to specify a mapping of values to replace in "
            "the string"
        )

    known: dict[str, str] = {}

    def one(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith(LITERAL):
            return "${" + name[1:] + "}"
        if name in own:
            if name not in known:
                known[name] = text_of(_resolve(own[name], context), "Fn::Sub")
            return _bounded(known[name], context)
        found = _get_att(name, context) if "." in name and name not in context.references else _ref(name, context)
        return "" if found is NOTHING else _bounded(text_of(found, "Fn::Sub"), context)

    return VARIABLE.sub(one, text)


def _bounded(text: str, context: Context) -> str:
    """A text that is put into another, or made of one."""
    _spend(len(text), context)
    return text


def _spend(characters: int, context: Context) -> None:
    context.work[0] -= 1 + characters // TEXT_WORK
    if context.work[0] < 0:
        raise TemplateInvalid(TOO_MUCH)


def _two(argument: Any) -> tuple[Any, Any]:
    return (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (None, None)


def text_of(value: Any, function: str) -> str:
    """A value inside a string, as CloudFormation writes it. Raises TemplateInvalid for a list or an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateInvalid(f"Template error: {function} values must be strings, not lists or maps")  # our wording


def _join(argument: Any, context: Context) -> str:
    delimiter, items = _two(argument)
    items = _resolve(items, context)
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(delimiter, str) or not isinstance(items, list):
        raise TemplateInvalid(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list "
            "of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
        )
    _spend(len(delimiter) * len(items), context)
    return delimiter.join(_bounded(text_of(one, "Fn::Join"), context) for one in items)


def _select(argument: Any, context: Context) -> Any:
    index, items = _two(argument)
    index, items = _resolve(index, context), _resolve(items, context)
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(items, list) or not re.fullmatch(r"-?\d+", str(index)):
        raise TemplateInvalid(
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
        )
    if not 0 <= int(index) < len(items):
        raise TemplateInvalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _split(argument: Any, context: Context) -> list[str]:
    delimiter, text = _two(argument)
    text = _resolve(text, context)
    if not isinstance(delimiter, str) or not delimiter or not isinstance(text, str):
        raise TemplateInvalid(
            "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a "
            "string to be split or a function that returns a string to be split."
        )
    return text.split(delimiter)


def _find_in_map(argument: Any, context: Context) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise TemplateInvalid(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value"
        )
    keys = [_resolve(one, context) for one in argument[:3]]
    found: Any = context.mappings
    for key in keys:
        found = found.get(str(key)) if isinstance(found, dict) else None
    if found is None and len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
        return _resolve(argument[3]["DefaultValue"], context)
    if found is None:
        raise TemplateInvalid(f"Template error: Unable to get mapping for {'::'.join(str(key) for key in keys)}")
    return _resolve(found, context)


def _base64(argument: Any, context: Context) -> str:
    return _bounded(base64.b64encode(text_of(_resolve(argument, context), "Fn::Base64").encode()).decode(), context)


def _zones(argument: Any, context: Context) -> list[str]:
    region = _resolve(argument, context) or context.references.get("AWS::Region", "us-east-1")
    return [f"{region}{letter}" for letter in "abc"]


def _import_value(argument: Any, context: Context) -> str:
    name = text_of(_resolve(argument, context), "Fn::ImportValue")
    if name not in context.exports:
        raise TemplateInvalid(f"No export named {name} found.")
    return context.exports[name]


def _if(argument: Any, context: Context) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise TemplateInvalid("Template error: Fn::If requires a list argument with three elements")
    return _resolve(argument[1] if condition(argument[0], context) else argument[2], context)


def condition(name: Any, context: Context) -> bool:
    """The value of a condition. Raises TemplateInvalid for one that is not there."""
    if not isinstance(name, str) or name not in context.conditions:
        raise TemplateInvalid(f"Template error: unresolved condition dependency {name} in Fn::If")
    return context.conditions[name]


def _equals(argument: Any, context: Context) -> bool:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateInvalid("Template error: every Fn::Equals object requires a list of two string parameters.")
    one, other = (_resolve(side, context) for side in argument)
    return bool(_comparable(one) == _comparable(other))


def _comparable(value: Any) -> object:
    return value if isinstance(value, list | dict) else text_of(value, "Fn::Equals")


def _truths(name: str, argument: Any, context: Context, least: int, most: int) -> list[bool]:
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        raise TemplateInvalid(
            f"Template error: every {name} object requires a list of at least {least} and at most {most} boolean "
            "parameters."
        )
    return [_truth(_resolve(one, context)) for one in argument]


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _and(argument: Any, context: Context) -> bool:
    return all(_truths("Fn::And", argument, context, 2, 10))


def _or(argument: Any, context: Context) -> bool:
    return any(_truths("Fn::Or", argument, context, 2, 10))


def _not(argument: Any, context: Context) -> bool:
    return not _truths("Fn::Not", argument, context, 1, 1)[0]


def _condition(argument: Any, context: Context) -> Any:
    """`{"Condition": name}` is a condition where conditions are; in a policy it is a policy's own member."""
    if isinstance(argument, str) and argument in context.conditions:
        return context.conditions[argument]
    return {"Condition": _resolve(argument, context)}


def _cidr(argument: Any, context: Context) -> list[str]:
    parts = _resolve(argument, context)
    if not isinstance(parts, list) or len(parts) not in (2, 3):
        raise TemplateInvalid("Template error: every Fn::Cidr object requires two or three parameters")  # our wording
    return cidr.blocks(str(parts[0]), parts[1], parts[2] if len(parts) == 3 else None)


def _json_string(argument: Any, context: Context) -> str:
    return _bounded(json.dumps(_resolve(argument, context), separators=(",", ":")), context)


def _length(argument: Any, context: Context) -> int:
    items = _resolve(argument, context)
    if not isinstance(items, list):
        raise TemplateInvalid("Template error: Fn::Length requires a list")  # our wording
    return len(items)


def _contains(argument: Any, context: Context) -> bool:
    items, one = (_resolve(part, context) for part in _two(argument))
    return isinstance(items, list) and str(one) in [str(item) for item in items]


def _each_equals(argument: Any, context: Context) -> bool:
    items, one = (_resolve(part, context) for part in _two(argument))
    return isinstance(items, list) and all(str(item) == str(one) for item in items)


def _refused_output(_argument: Any, _context: Context) -> Any:
    raise TemplateInvalid("Lambent does not support Fn::GetStackOutput yet: use an export and Fn::ImportValue.")


FUNCTIONS: Mapping[str, Callable[[Any, Context], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _zones,
    "Fn::ImportValue": _import_value,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::Cidr": _cidr,
    "Fn::ToJsonString": _json_string,
    "Fn::Length": _length,
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_equals,
    "Fn::GetStackOutput": _refused_output,
}
