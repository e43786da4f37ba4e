"""Fn::ForEach of AWS::LanguageExtensions: one fragment into many.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from collections.abc import Mapping
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template.functions import Context, resolve

PREFIX = "Fn::ForEach::"
MOST = 5000
"""Members that loops may make in all; AWS's own bounds are those of a template."""
MOST_CHARACTERS = 4 << 20
"""Of all that loops make, a value counting as some."""
VALUE = 16
TOO_MUCH = "Template error: Fn::ForEach makes too much"  # our wording


def expand(document: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The document without loops. Raises TemplateInvalid."""
    return _Expansion(context).members(document, {})


class _Expansion:
    """One document's; counts what it makes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._made = 0
        self._left = MOST_CHARACTERS

    def members(self, value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in value.items():
            if key.startswith(PREFIX):
                found |= self._loop(one, names)
            else:
                found[_named(key, names)] = self._value(one, names)
        return found

    def _value(self, value: Any, names: Mapping[str, str]) -> Any:
        if isinstance(value, dict):
            if len(value) == 1 and value.get("Ref") in names and isinstance(value.get("Ref"), str):
                return names[value["Ref"]]
            return self.members(value, names)
        if isinstance(value, list):
            return [self._value(one, names) for one in value]
        found = _named(value, names) if isinstance(value, str) else value
        if names:  # within a loop
            self._left -= VALUE + (len(found) if isinstance(found, str) else 0)
            if self._left < 0:
                raise TemplateInvalid(TOO_MUCH)
        return found

    def _loop(self, said: Any, names: Mapping[str, str]) -> dict[str, Any]:
        if not isinstance(said, list) or len(said) != 3 or not isinstance(said[2], dict):
            raise TemplateInvalid("Template error: Fn::ForEach requires an identifier, a list and a map")  # our wording
        identifier, items, fragment = str(said[0]), resolve(self._value(said[1], names), self._context), said[2]
        if not isinstance(items, list):
            raise TemplateInvalid("Template error: Fn::ForEach requires a list")  # our wording
        found: dict[str, Any] = {}
        for item in items:
            self._made += len(fragment)
            if self._made > MOST:
                raise TemplateInvalid(TOO_MUCH)
            found |= self.members(fragment, {**names, identifier: str(item)})
        return found


def _named(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        if "{" + name + "}" in text:
            only = "".join(character for character in value if character.isalnum())
            text = text.replace("${" + name + "}", value).replace("&{" + name + "}", only)
    return text
