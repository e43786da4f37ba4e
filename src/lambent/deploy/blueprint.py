"""A template with what is given for it: what a stack shall be made of."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.deploy.errors import TemplateInvalid, Unresolvable
from lambent.deploy.stack import Goal, StackResource
from lambent.deploy.template import conditions, parameters, reading, snapshots
from lambent.deploy.template.functions import Context, resolve
from lambent.deploy.template.masking import hidden
from lambent.deploy.template.references import check, depends
from lambent.deploy.template.template import ResourceSpec, Template, parse
from lambent.model.scope import Scope

LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What AWS shows in a change set for a value that is known only when the resource is made."""


@dataclass(frozen=True)
class Blueprint:
    """Values are evaluated with `context`, which knows parameters, conditions and exports, but no resources."""

    template: Template
    context: Context

    @functools.cached_property
    def wanted(self) -> dict[str, ResourceSpec]:
        """The resources whose condition holds."""
        known = self.context.conditions
        return {
            name: spec
            for name, spec in self.template.resources.items()
            if not spec.condition or known.get(spec.condition, False)
        }

    @functools.cached_property
    def graph(self) -> dict[str, frozenset[str]]:
        """What must be made before each of them."""
        wanted = self.wanted
        graph = {name: depends(spec, wanted, self.context.conditions) for name, spec in wanted.items()}
        return snapshots.after_their_parts(graph, wanted)

    def value(self, said: Any, made: Mapping[str, StackResource], later: bool = False) -> Any:
        """What something means with the resources that are made. With `later`, what is not known is `LATER`. Raises
        TemplateInvalid."""
        return resolve(said, self._with(made, later))

    def _with(self, made: Mapping[str, StackResource], later: bool) -> Context:
        references = {**self.context.references, **{name: one.ref for name, one in made.items() if one.physical_id}}
        wanted = self.template.resources if later else {}

        def attribute(name: str, what: str) -> Any:
            one = made.get(name)
            if one is None or not one.physical_id:
                return _later(name, wanted)
            found = _attribute(one.attributes, what)
            return self.context.attribute(name, what) if found is None else found

        return replace(
            self.context, references=references, attribute=attribute, unknown=lambda name: _later(name, wanted)
        )

    def outputs(self, made: Mapping[str, StackResource]) -> list[dict[str, str]]:
        """What DescribeStacks shows of the outputs. Raises TemplateInvalid."""
        found = []
        for name, said in self.template.outputs.items():
            if said.get("Condition") and not self.context.conditions.get(str(said["Condition"]), False):
                continue
            value = self.value(said["Value"], made)
            if isinstance(value, dict | list):
                raise TemplateInvalid(
                    "Template format error: Output "
                    + name
                    + " is malformed. The Value field of every Outputs member must evaluate to a String."
                )
            one = {"OutputKey": name, "OutputValue": _text(value)}
            if said.get("Description"):
                one["Description"] = str(self.value(said["Description"], made))
            if said.get("Export"):
                one["ExportName"] = str(self.value(dict(said["Export"]).get("Name"), made))
            found.append(one)
        return found


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _later(name: str, wanted: Mapping[str, Any]) -> Any:
    if name in wanted:
        return LATER
    raise Unresolvable(
        f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
    )


def _attribute(attributes: Mapping[str, Any], what: str) -> Any:
    """`A.B` is a member of its own name, or one in another."""
    if what in attributes:
        return attributes[what]
    head, _, rest = what.partition(".")
    inner = attributes.get(head)
    return _attribute(inner, rest) if rest and isinstance(inner, Mapping) else None


def pseudo(scope: Scope, name: str, arn: str, notifications: list[str]) -> dict[str, Any]:
    """The pseudo parameters.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    china = scope.region.startswith("cn-")
    return {
        "AWS::AccountId": scope.account,
        "AWS::NotificationARNs": notifications,
        "AWS::Partition": "aws-cn" if china else "aws-us-gov" if scope.region.startswith("us-gov") else "aws",
        "AWS::Region": scope.region,
        "AWS::StackId": arn,
        "AWS::StackName": name,
        "AWS::URLSuffix": "amazonaws.com.cn" if china else "amazonaws.com",
    }


@functools.lru_cache(maxsize=64)
def read_template(text: str) -> Mapping[str, Any]:
    """A template's document, which nobody changes. Raises TemplateInvalid."""
    return reading.read(text)


def secrets_of(*goals: Goal) -> frozenset[str]:
    """The values of the goals' NoEcho parameters."""
    found: set[str] = set()
    for goal in goals:
        try:
            declared = read_template(goal.processed or goal.template).get("Parameters") or {}
        except TemplateInvalid:
            continue  # a stack whose template is not there yet
        for values in (goal.parameters, goal.fetched):
            found |= hidden(declared, values)
    return frozenset(found)


def draw(goal: Goal, names: Mapping[str, Any], exports: Mapping[str, str]) -> Blueprint:
    """The blueprint of a goal; `names` are the pseudo parameters. Raises TemplateInvalid."""
    document = read_template(goal.processed or goal.template)
    template = parse(document)
    values = parameters.values(template, goal.parameters, goal.fetched)
    context = Context({**names, **values}, mappings=template.mappings, exports=exports)
    found = conditions.evaluate(template, context)
    return Blueprint(template, replace(context, conditions=found))


def examine(template: Template) -> None:
    """Raises TemplateInvalid for what is wrong with a template whatever its parameters are."""
    parameters.declared(template)
    check(template)
