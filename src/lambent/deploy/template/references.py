"""What a value depends on, and the order that follows from it.

Source of the texts: https://repost.aws/knowledge-center/unable-validate-circular-dependency-cloudformation and
https://repost.aws/knowledge-center/cloudformation-template-validation
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template.functions import VARIABLE, split_name
from lambent.deploy.template.template import ResourceSpec, Template


def references(value: Any, conditions: Mapping[str, bool] | None = None) -> Iterator[str]:
    """The names that a value refers to, by Ref, Fn::GetAtt and Fn::Sub. With `conditions`, only the branch of an Fn::If
    that is taken."""
    if isinstance(value, list):
        for one in value:
            yield from references(one, conditions)
    elif isinstance(value, dict):
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in _FINDERS:
                yield from _FINDERS[name](argument, conditions)
                return
        for one in value.values():
            yield from references(one, conditions)


def _ref(argument: Any, _conditions: Any) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument


def _get_att(argument: Any, conditions: Any) -> Iterator[str]:
    if isinstance(argument, str):
        yield argument.split(".")[0]
    elif isinstance(argument, list) and argument and isinstance(argument[0], str):
        yield argument[0]
        yield from references(argument[1:], conditions)


def _sub(argument: Any, conditions: Any) -> Iterator[str]:
    text, own = (
        (argument, {}) if isinstance(argument, str) else (argument[0], argument[1]) if _is_pair(argument) else ("", {})
    )
    if isinstance(own, dict):
        yield from references(list(own.values()), conditions)
        for name in VARIABLE.findall(text if isinstance(text, str) else ""):
            name = name.strip()  # noqa: PLW2901
            if not name.startswith("!") and name not in own:
                yield name.split(".")[0]


def _is_pair(argument: Any) -> bool:
    return isinstance(argument, list) and len(argument) == 2


def _if(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[str]:
    branches = argument[1:] if isinstance(argument, list) else []
    if conditions is not None and len(branches) == 2 and argument[0] in conditions:
        branches = [branches[0] if conditions[argument[0]] else branches[1]]
    yield from references(branches, conditions)


_FINDERS = {"Ref": _ref, "Fn::GetAtt": _get_att, "Fn::Sub": _sub, "Fn::If": _if}


def check(template: Template) -> None:
    """Raises TemplateInvalid for a reference to nothing, and for a circle."""
    known = {*template.resources, *template.parameters}
    _check_names(template, known)
    find_circle({name: depends(one, template.resources, None) for name, one in template.resources.items()})


def _check_names(template: Template, known: set[str]) -> None:
    missing: dict[str, None] = {}
    for value in (*(dict(spec.properties) for spec in template.resources.values()), *template.outputs.values()):
        _check_attributes(value, {*template.resources})
    for spec in template.resources.values():
        for name in spec.depends_on:
            if name not in template.resources:
                missing[name] = None
        for name in references(dict(spec.properties)):
            if name not in known and not name.startswith("AWS::"):
                missing[name] = None
        if spec.condition and spec.condition not in template.conditions:
            raise TemplateInvalid(
                f"Template format error: Unresolved dependencies [{spec.condition}]. "
                "Cannot reference resources in the Conditions block of the template"
            )
    _refuse(missing, "Resources")
    _refuse(dict.fromkeys(_unknown(list(template.outputs.values()), known)), "Outputs")
    in_conditions = [*_unknown(dict(template.conditions), set(template.parameters))]
    if in_conditions:
        raise TemplateInvalid(
            f"Template format error: Unresolved dependencies [{', '.join(dict.fromkeys(in_conditions))}]. "
            "Cannot reference resources in the Conditions block of the template"
        )


def _check_attributes(value: Any, known: set[str]) -> None:
    """Raises TemplateInvalid for an attribute of what is no resource."""
    if isinstance(value, list):
        for one in value:
            _check_attributes(one, known)
    elif isinstance(value, Mapping):
        name = split_name(value["Fn::GetAtt"])[0] if len(value) == 1 and "Fn::GetAtt" in value else ""
        if name and name not in known:
            raise TemplateInvalid(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
        text = value.get("Fn::Sub") if len(value) == 1 else None
        for part in VARIABLE.findall(text) if isinstance(text, str) else ():
            if "." in part and not part.startswith("!") and part.strip().split(".")[0] not in known:
                raise TemplateInvalid(
                    f"Template error: instance of Fn::Sub references invalid resource attribute {part.strip()}"
                )
        for one in value.values():
            _check_attributes(one, known)


def _unknown(value: Any, known: set[str]) -> Iterator[str]:
    return (name for name in references(value) if name not in known and not name.startswith("AWS::"))


def _refuse(missing: Mapping[str, None], block: str) -> None:
    if missing:
        names = ", ".join(missing)
        raise TemplateInvalid(
            f"Template format error: Unresolved resource dependencies [{names}] in the {block} block of the template"
        )


def depends(
    spec: ResourceSpec, resources: Mapping[str, Any], conditions: Mapping[str, bool] | None = None
) -> frozenset[str]:
    """The other resources that must be there before this one."""
    said = [dict(spec.properties), dict(spec.creation_policy), dict(spec.update_policy)]
    named = {*spec.depends_on, *references(said, conditions)}
    return frozenset(name for name in named if name in resources)


def find_circle(graph: Mapping[str, frozenset[str]]) -> None:
    """Raises TemplateInvalid when resources wait for one another."""
    left = dict(graph)
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    if left:
        left = _without_followers(left)
        raise TemplateInvalid(f"Circular dependency between resources: [{', '.join(left)}]")


def _without_followers(left: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """What waits for a circle without being in it is not named."""
    while idle := [name for name in left if not any(name in needs for needs in left.values())]:
        left = {name: needs for name, needs in left.items() if name not in idle}
    return left
