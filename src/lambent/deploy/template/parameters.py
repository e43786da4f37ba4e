"""A template's parameters and what is given for them.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Mapping
from typing import Any

from lambent import patterns
from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template.template import Template

SSM = "AWS::SSM::Parameter::"
SSM_VALUE = f"{SSM}Value<"
TYPES = re.compile(
    r"String|Number|CommaDelimitedList|List<Number>|List<String>"
    r"|(List<)?AWS::(EC2::[A-Za-z]+::(Id|Name|KeyName|GroupName)|Route53::HostedZone::Id)>?"
    r"|AWS::SSM::Parameter::Name|AWS::SSM::Parameter::Value<[A-Za-z0-9:<>]+>"
)
HIDDEN = "****"
MEMBERS = frozenset(
    {
        *("Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "MaxLength", "MinLength", "MaxValue"),
        *("MinValue", "Description", "ConstraintDescription"),
    }
)
MOST_BYTES = 4096


def given(
    template: Template, said: Mapping[str, str | None], former: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Name -> value as text, defaults filled in; None in `said` means the former value. Raises TemplateInvalid."""
    unknown = [name for name in said if name not in template.parameters]
    if unknown:
        raise TemplateInvalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    found: dict[str, str] = {}
    missing = []
    for name, declared in template.parameters.items():
        value = said.get(name)
        if name in said and value is None:
            value = (former or {}).get(name)
        if value is None and name not in said and "Default" in declared:
            value = as_text(declared["Default"])
        if value is None:
            missing.append(name)
        else:
            found[name] = value
    if missing:
        raise TemplateInvalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in found.items():
        check(name, template.parameters[name], value)
    return found


def declared(template: Template) -> None:
    """Raises TemplateInvalid for a parameter that is declared wrongly."""
    for name, said in template.parameters.items():
        if not isinstance(said, dict):
            raise TemplateInvalid("Template format error: Any Parameters member must be an object.")
        if "Type" not in said:
            raise TemplateInvalid(
                f"Template format error: [/Parameters/{name}] Every Parameters object must contain a Type member."
            )
        unknown = [member for member in said if member not in MEMBERS]
        if unknown:
            raise TemplateInvalid(f"Invalid template parameter property '{unknown[0]}'")
        if not name.isalnum():
            raise TemplateInvalid(f"Template format error: Parameter name {name} is non alphanumeric.")
        if not TYPES.fullmatch(str(said["Type"])):
            raise TemplateInvalid(f"Template format error: Unrecognized parameter type: {said['Type']}")


def as_text(value: Any) -> str:
    """A default as the text that a caller would have given."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(as_text(one) for one in value) if isinstance(value, list) else str(value)


def check(name: str, said: Mapping[str, Any], value: str) -> None:
    """Raises TemplateInvalid for a value that its declaration does not allow."""
    kind = str(said["Type"])
    for one in value.split(",") if is_list(kind) else [value]:
        _check_one(name, said, kind, one.strip() if is_list(kind) else one)


def _check_one(name: str, said: Mapping[str, Any], kind: str, value: str) -> None:
    if kind in ("Number", "List<Number>"):
        _check_number(name, said, value)
    allowed = said.get("AllowedValues")
    if allowed is not None and value not in [as_text(one) for one in allowed]:
        options = ", ".join(as_text(one) for one in allowed)
        raise _refused(said, name, f"must be one of AllowedValues [{options}]", "Parameter")
    pattern = said.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), value):
        raise _refused(said, name, f"must match pattern {pattern}", "Parameter")
    if kind == "String" and len(value) < int(said.get("MinLength", 0)):
        raise _refused(said, name, f"must contain at least {said['MinLength']} characters", "Parameter")
    if kind == "String" and len(value) > int(said.get("MaxLength", MOST_BYTES)):
        raise _refused(said, name, f"must contain at most {said.get('MaxLength', MOST_BYTES)} characters", "Parameter")


def _check_number(name: str, said: Mapping[str, Any], value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise _refused(said, name, "must be a number", "Parameter") from None
    if "MinValue" in said and number < float(said["MinValue"]):
        raise _refused(said, name, f"must be a number not less than {said['MinValue']}", "Parameter")
    if "MaxValue" in said and number > float(said["MaxValue"]):
        raise _refused(said, name, f"must be a number not greater than {said['MaxValue']}", "Parameter")


def _refused(said: Mapping[str, Any], name: str, reason: str, kind: str) -> TemplateInvalid:
    own = said.get("ConstraintDescription")
    if own:
        return TemplateInvalid(f"{kind} {name} failed to satisfy constraint: {own}")
    return TemplateInvalid(f"{kind} '{name}' {reason}")


def _matches(pattern: str, value: str) -> bool:
    """As Java's `matches`. A pattern that can't be read, or not in time, lets everything through."""
    try:
        return patterns.matches(pattern, value)
    except patterns.Unmatchable:
        return True


def is_list(kind: str) -> bool:
    """Whether values of a type are lists, written with commas."""
    inner = kind.removeprefix(SSM_VALUE).removesuffix(">") if kind.startswith(SSM_VALUE) else kind
    return inner == "CommaDelimitedList" or inner.startswith("List<")


def values(template: Template, texts: Mapping[str, str], fetched: Mapping[str, str]) -> dict[str, Any]:
    """Name -> what Ref gives. `fetched` has what parameters of SSM hold, by parameter name."""
    found: dict[str, Any] = {}
    for name, text in texts.items():
        kind = str(template.parameters[name]["Type"])
        value = fetched.get(name, text)
        found[name] = [one.strip() for one in value.split(",")] if is_list(kind) else value
    return found


def from_ssm(template: Template, texts: Mapping[str, str]) -> dict[str, str]:
    """Name -> the parameter of SSM that holds its value."""
    return {name: text for name, text in texts.items() if str(template.parameters[name]["Type"]).startswith(SSM_VALUE)}


def is_hidden(said: Mapping[str, Any]) -> bool:
    """NoEcho."""
    return str(said.get("NoEcho", "")).lower() == "true"
