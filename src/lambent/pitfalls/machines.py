"""State machines in templates: their states, at any depth."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.facts import yaml_text
from lambent.pitfalls.facts.discovery import read_text
from lambent.pitfalls.facts.project import Function, Place, Project, Resource, Stack
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Span, Text
from lambent.pitfalls.facts.unread import NotRead

TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


@dataclass(frozen=True, slots=True)
class State:
    """A state of a machine, with its own key's place."""

    name: str
    body: Map
    place: Place
    machine: Resource
    stack: Stack


def states(project: Project) -> Iterator[State]:
    """The states of every machine whose definition can be read."""
    for stack in project.stacks:
        for machine in stack.of(*TYPES):
            found = _definition(machine, project)
            if found is not None:
                document, path, span = found
                yield from _states(document, path, span, machine, stack)


def _definition(machine: Resource, project: Project) -> tuple[Any, str, Span | None] | None:
    """The document, its file, and the span to use for all of it when lines inside are not known."""
    for key in ("Definition", "DefinitionString"):
        value = machine.properties.get(key)
        if isinstance(value, Map) and "States" in value:
            return value, machine.path, None
        if isinstance(value, str | Text):
            parsed = _parsed(_marked(value), machine, machine.properties.at[key])
            return None if parsed is None else _placed(parsed, project)
    uri = machine.properties.get("DefinitionUri")
    file = (project.root / machine.path).parent / uri if isinstance(uri, str) and "://" not in uri else None
    if file is None or not os.path.isfile(file) or not file.resolve().is_relative_to(project.root.resolve()):
        return None
    try:
        return (
            yaml_text.load(_quoted(read_text(file))),
            file.resolve().relative_to(project.root.resolve()).as_posix(),
            None,
        )
    except NotRead:
        return None


def _quoted(source: str) -> str:
    """A definition's text with substitutions in quotes, where they stand as numbers: `"TimeoutSeconds": ${Seconds}`."""
    return re.sub(r"(:\s*)(\$\{[\w.]+\})(?=\s*[,}\]\n])", r'\1"\2"', source)


def _marked(value: str | Text) -> str:
    """A definition's text with what is put into it named by its resource."""
    if isinstance(value, str):
        return value
    return "".join(
        part if isinstance(part, str) else f"${{{part.id}}}" if isinstance(part, Ref) else "${unknown}"
        for part in value.parts
    )


def _parsed(value: str, machine: Resource, span: Span) -> tuple[Any, str, Span] | None:
    value = _quoted(value)
    try:
        json.loads(value)
        return yaml_text.load(value), machine.path, span
    except (ValueError, NotRead, RecursionError):
        return None


def _placed(parsed: tuple[Any, str, Span], project: Project) -> tuple[Any, str, Span | None]:
    """A definition that stands in a template as a block of text, with the template's lines for its own."""
    document, path, span = parsed
    try:
        lines = read_text(project.root / path).split("\n")
    except NotRead:
        return parsed
    states = document.get("States") if isinstance(document, Map) else None
    for name, (line, _) in states.at.items() if isinstance(states, Map) else ():
        shifts = [at - line for at in range(span[0], span[1] + 1) if f'"{name}"' in lines[at - 1].partition(":")[0]]
        return (document, path, None) if len(shifts) == 1 and _shifted(document, shifts[0]) else parsed
    return parsed


def _shifted(value: Any, by: int) -> bool:
    """Move the lines of all that stands in a value."""
    if isinstance(value, Map):
        value.at = {key: (first + by, last + by) for key, (first, last) in value.at.items()}
    for inner in value.values() if isinstance(value, Map) else value if isinstance(value, Seq) else ():
        _shifted(inner, by)
    return True


def _states(document: Any, path: str, span: Span | None, machine: Resource, stack: Stack) -> Iterator[State]:
    listed = document.get("States") if isinstance(document, Map) else None
    if not isinstance(listed, Map):
        return
    for name, body in listed.items():
        if isinstance(body, Map):
            yield State(name, body, Place(path, *(span or listed.at[name])), machine, stack)
            branches = body.get("Branches")
            inner = [body.get("Iterator"), body.get("ItemProcessor"), *(branches if isinstance(branches, Seq) else ())]
            for one in inner:
                yield from _states(one, path, span, machine, stack)


def is_lambda(state: State) -> bool:
    """Whether a state is a task that invokes a function."""
    resource = str(state.body.get("Resource", ""))
    if state.body.get("Type") != "Task":
        return False
    substituted = state.machine.properties.get("DefinitionSubstitutions")
    name = resource.removeprefix("${").removesuffix("}")
    value = substituted.get(name) if isinstance(substituted, Map) else state.body.get("Resource")
    target = state.stack.target(value) or state.stack.resources.get(name.partition(".")[0])
    is_function = target is not None and "Function" in target.type
    return is_function or ":lambda:" in resource or "FunctionArn" in resource or "LambdaArn" in resource


def function(state: State) -> Function | None:
    """The function that a task invokes: by its ARN, or named in the arguments of lambda:invoke."""
    arguments = state.body.get("Parameters", state.body.get("Arguments"))
    for value in (state.body.get("Resource"), arguments.get("FunctionName") if isinstance(arguments, Map) else None):
        found = state.stack.function(_substituted(state, value))[0]
        if found is not None:
            return found
    return None


def _substituted(state: State, value: Any) -> Any:
    """What DefinitionSubstitutions put in, or what a definition in the template names."""
    if not isinstance(value, str) or not value.startswith("${"):
        return value
    name = value.removeprefix("${").partition("}")[0]
    given = state.machine.properties.get("DefinitionSubstitutions")
    return given.get(name) if isinstance(given, Map) else Ref(name.partition(".")[0])
