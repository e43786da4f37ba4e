"""What a target gets of an event: all of it, a part, a constant, or a template that is filled in.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html (variables, quotes,
"Common issues": values are not escaped; objects within a text lose their quotes; what is passed on is minified) and
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

RESERVED = frozenset(
    {
        *("aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time"),
        *("aws.events.event", "aws.events.event.json"),
    }
)
"""The variables that every template may use."""
MOST = 4 << 20
"""Characters of a template that is filled in; no target takes as many. Of our own: a template can name a value of a
megabyte some thousand times."""
_ABSENT = object()
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+|\*)\]|\['([^']*)'\]|\["([^"]*)"\]""")


class TooLarge(ValueError):
    """What a target would get is too much."""


def received(target: Mapping[str, Any], event: Mapping[str, Any], rule: str, ingested: str) -> str:
    """What `target` (as PutTargets has it) gets of an event. `rule` is an ARN, `ingested` a time as ISO 8601 has it.

    Raises TooLarge.
    """
    if "Input" in target:
        return str(target["Input"])
    if target.get("InputPath"):
        return minified(_or(find(target["InputPath"], event), None))
    if target.get("InputTransformer"):
        return transformed(target["InputTransformer"], event, _reserved(event, rule, ingested))
    return minified(event)


def transformed(transformer: Mapping[str, Any], event: Mapping[str, Any], reserved: Mapping[str, Any]) -> str:
    """The template with its variables filled in; minified if it is JSON then. Raises TooLarge."""
    paths = transformer.get("InputPathsMap") or {}
    values = {name: _or(find(path, event), "") for name, path in paths.items()} | dict(reserved)
    text = _filled(transformer["InputTemplate"], values)
    try:
        return minified(json.loads(text))
    except (ValueError, RecursionError):
        return text


def unknown(transformer: Mapping[str, Any]) -> str:
    """The first variable of a template that is none, "" when all are."""
    known = (transformer.get("InputPathsMap") or {}).keys() | RESERVED
    return next((name for name in _VARIABLE.findall(transformer["InputTemplate"]) if name not in known), "")


def find(path: str, document: Any) -> Any:
    """What is at a path such as `$.detail.items[0].name`, a list of all for one with `*`; `is_absent` tells nothing."""
    if not path.startswith("$"):
        return _ABSENT
    found, at, many = [document], 1, False
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return _ABSENT
        at = step.end()
        name = next(group for group in step.groups() if group is not None)
        many = many or name == "*"
        found = [value for one in found for value in _step(one, name, step[2] is not None)]
    if many:
        return found
    return found[0] if found else _ABSENT


def is_absent(found: Any) -> bool:
    """Whether `find` found nothing."""
    return found is _ABSENT


def minified(value: Any) -> str:
    """Its JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _step(value: Any, name: str, indexed: bool) -> list[Any]:
    if name == "*":
        return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    if indexed:
        return value[int(name) : int(name) + 1] if isinstance(value, list) and len(name) < 10 else []
    return [value[name]] if isinstance(value, Mapping) and name in value else []


def _or(found: Any, default: Any) -> Any:
    return default if found is _ABSENT else found


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A variable within quotes becomes a text, elsewhere JSON."""
    within, room = _quotes(template), MOST

    def fill(match: re.Match[str]) -> str:
        nonlocal room
        if match[1] not in values:
            return ""
        text = _text(values[match[1]]) if within(match.start()) else minified(values[match[1]])
        room -= len(text)
        if room < 0:
            raise TooLarge("the input transformer makes more of the event than any target takes")
        return text

    return _VARIABLE.sub(fill, template)


def _quotes(template: str) -> Callable[[int], bool]:
    """Tells of places in a template, from the left to the right, whether they are within quotes."""
    at, inside = 0, False

    def within(place: int) -> bool:
        nonlocal at, inside
        while at < place:
            if inside and template[at] == "\\":
                at += 1
            elif template[at] == '"':
                inside = not inside
            at += 1
        return inside

    return within


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return minified(value).replace('"', "") if isinstance(value, Mapping | list) else minified(value)


def _reserved(event: Mapping[str, Any], rule: str, ingested: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule,
        "aws.events.rule-name": rule.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
