"""State machines of the plugin serverless-step-functions (https://github.com/serverless-operations/serverless-step-functions)."""

import re
from collections.abc import Callable
from typing import Any

from lambent.pitfalls.facts.cloudformation import Resolver
from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.tree import Map, Span

_FILE = re.compile(r"\$\{file\(([^)]+)\)\}")


def add(document: Map, value: Callable[[Any], Any], beside: Callable[[str], str], stack: Stack) -> None:
    """Put the machines of a service into its stack. `value` resolves variables, `beside` gives a file's path."""
    section = document.get("stepFunctions")
    machines = section.get("stateMachines") if isinstance(section, Map) else None
    listed = machines if isinstance(machines, Map) else Map()
    for name, raw in listed.items():
        match = _FILE.fullmatch(raw.strip()) if isinstance(raw, str) else None
        body = value(raw)
        if isinstance(body, Map):
            path = stack.path if match is None else beside(match[1].strip())
            _machine(name, body, body.span if match else listed.at[name], path, stack)


def _machine(name: str, body: Map, span: Span, path: str, stack: Stack) -> None:
    properties = Map(span)
    for old, new in (("definition", "Definition"), ("type", "StateMachineType"), ("role", "RoleArn")):
        if old in body:
            properties.put(new, Resolver(Map()).value(body[old]), body.at[old])
    stack.resources[name] = Resource(name, "AWS::StepFunctions::StateMachine", properties, path, span)
