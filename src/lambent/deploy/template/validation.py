"""What of a template's values can be told to be wrong before anything is made: AWS refuses the request then.

What needs a resource that is not made yet is left to the moment when it is. The texts are AWS's as its users report
them (https://repost.aws/knowledge-center/cloudformation-template-validation).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template.functions import FUNCTIONS, Context, condition, resolve, split_name
from lambent.deploy.template.references import references
from lambent.deploy.template.template import ResourceSpec, Template

IMPORT, GET_ATT, IF = "Fn::ImportValue", "Fn::GetAtt", "Fn::If"
SUPPORTED = (
    "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, "
    "Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, "
    "Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr"
)
Attributes = Callable[[str], frozenset[str] | None]
"""What Fn::GetAtt gives of a type; None where that is not known."""


@dataclass(frozen=True, slots=True)
class _Look:
    resources: Mapping[str, ResourceSpec]
    context: Context
    attributes: Attributes


def check_values(template: Template, wanted: Iterable[str], context: Context, attributes: Attributes) -> None:
    """Raises TemplateInvalid for a value of the resources `wanted`, or of an output, that can't mean anything."""
    look = _Look(template.resources, context, attributes)
    for name in wanted:
        _check(dict(template.resources[name].properties), look)
    for said in template.outputs.values():
        if not said.get("Condition") or context.conditions.get(str(said["Condition"]), False):
            _check(dict(said), look)


def imports(value: Any, context: Context) -> Iterable[str]:
    """The names of exports that a value asks for, of those that are known before anything is made."""
    if isinstance(value, list):
        for one in value:
            yield from imports(one, context)
    elif isinstance(value, dict):
        if IMPORT in value and len(value) == 1 and not any(references(value)):
            yield str(resolve(value[IMPORT], context))
        elif IF in value and len(value) == 1:
            yield from imports(_branch(value[IF], context), context)
        else:
            yield from imports(list(value.values()), context)


def _check(value: Any, look: _Look) -> None:
    if isinstance(value, list):
        for one in value:
            _check(one, look)
    elif isinstance(value, dict):
        name = next(iter(value), "") if len(value) == 1 else ""
        if name.startswith("Fn::") and name not in FUNCTIONS:
            raise TemplateInvalid(
                f"Template Error: Encountered unsupported function: {name} Supported functions are: [{SUPPORTED}]"
            )
        _check_function(name, value, look)


def _check_function(name: str, value: dict[str, Any], look: _Look) -> None:
    if name == IF:
        _check(_branch(value[IF], look.context), look)
    elif name == GET_ATT:
        _check_attribute(value[GET_ATT], look)
    elif name.startswith("Fn::") and _is_known(value, look):
        resolve(value, look.context)
    else:
        for one in value.values():
            _check(one, look)


def _branch(argument: Any, context: Context) -> Any:
    """The branch of an Fn::If that is taken. Raises TemplateInvalid."""
    if not isinstance(argument, list) or len(argument) != 3:
        raise TemplateInvalid("Template error: Fn::If requires a list argument with three elements")
    return argument[1] if condition(argument[0], context) else argument[2]


def _is_known(value: Any, look: _Look) -> bool:
    """Whether a value needs nothing that is made, and no export."""
    return not any(name in look.resources for name in references(value)) and not _has_import(value)


def _has_import(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, dict) and IMPORT in value) or any(_has_import(one) for one in inner)


def _check_attribute(argument: Any, look: _Look) -> None:
    name, attribute = split_name(argument)
    spec = look.resources.get(name)
    known = look.attributes(spec.type) if spec is not None and attribute else None
    if known is not None and attribute not in known and attribute.split(".")[0] not in known:
        raise TemplateInvalid(
            f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        )
