"""Conditions and rules: what of a template counts with these parameters.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.template.functions import Context, resolve
from lambent.deploy.template.template import Template


class _Lazy(Mapping[str, bool]):
    """Conditions evaluated when they are asked for, since they may name one another."""

    def __init__(self, said: Mapping[str, Any], context: Context) -> None:
        self._said = said
        self._context = replace(context, conditions=self)
        self._known: dict[str, bool] = {}
        self._under_way: set[str] = set()

    def __getitem__(self, name: str) -> bool:
        if name not in self._known:
            if name in self._under_way:
                raise TemplateInvalid(f"Template format error: Circular dependencies in conditions [{name}]")  # ours
            self._under_way.add(name)
            found = resolve(self._said[name], self._context)
            if not isinstance(found, bool):
                raise TemplateInvalid("Template format error: Every Conditions member must be an object.")
            self._known[name] = found
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def __contains__(self, name: object) -> bool:
        return name in self._said


def evaluate(template: Template, context: Context) -> dict[str, bool]:
    """Every condition's value. Raises TemplateInvalid."""
    return dict(_Lazy(template.conditions, context))


def check_rules(template: Template, context: Context) -> None:
    """Raises TemplateInvalid for an assertion that does not hold."""
    for name, rule in template.rules.items():
        when = rule.get("RuleCondition") if isinstance(rule, dict) else None
        if when is not None and not resolve(when, context):
            continue
        for one in (rule.get("Assertions") or []) if isinstance(rule, dict) else []:
            if not resolve(one.get("Assert"), context):
                said = one.get("AssertDescription") or f"the assertion of rule {name}"
                raise TemplateInvalid(f"Template constraint violated: {said}")  # our wording
