"""What AWS says of a definition that is not good: fields that a state does not have, languages that don't go together,
transitions that lead nowhere, states that nothing leads to.

Source of the texts: https://github.com/floci-io/floci/issues/2735, /2786, /2968 (measured at AWS),
https://github.com/localstack/localstack/issues/11978, https://github.com/aws/aws-sam-cli-app-templates/issues/185; of
the fields https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.neighbour.bridges.expressions import checking
from lambent.neighbour.bridges.expressions.fields import states_of
from lambent.neighbour.bridges.machines.maps.definition import processor, unsupported

SCHEMA, TARGET, END, NO_JSON = (
    "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET", "MISSING_END_STATE", "INVALID_JSON_DESCRIPTION",
)  # fmt: skip
JSONPATH, JSONATA = "JSONPath", "JSONata"
RESOURCE = re.compile(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
HTTP = ":states:::http:invoke"
FLOW, DATA, HANDLERS = ("Next", "End"), ("InputPath", "OutputPath", "Output"), ("Retry", "Catch")
_EVERY = ("Type", "Comment", "QueryLanguage")
_RESULTS = ("Parameters", "Arguments", "ResultSelector", "ResultPath", "Assign")
FIELDS: Mapping[str, frozenset[str]] = {
    "Task": frozenset(
        {
            *(*_EVERY, *FLOW, *DATA, *HANDLERS, *_RESULTS, "Resource", "Credentials"),
            *("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"),
        }
    ),
    "Pass": frozenset({*_EVERY, *FLOW, *DATA, "Result", "ResultPath", "Parameters", "Assign"}),
    "Wait": frozenset({*_EVERY, *FLOW, *DATA, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign"}),
    "Choice": frozenset({*_EVERY, *DATA, "Choices", "Default", "Assign"}),
    "Succeed": frozenset({*_EVERY, *DATA}),
    "Fail": frozenset({*_EVERY, "Error", "ErrorPath", "Cause", "CausePath"}),
    "Parallel": frozenset({*_EVERY, *FLOW, *DATA, *HANDLERS, *_RESULTS, "Branches"}),
    "Map": frozenset(
        {
            *(*_EVERY, *FLOW, *DATA, *HANDLERS, *_RESULTS, "Iterator", "ItemProcessor", "Items", "ItemsPath"),
            *("ItemSelector", "ItemReader", "ItemBatcher", "ResultWriter", "Label", "MaxConcurrency"),
            *("MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath"),
            *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
        }
    ),
}
ONLY: Mapping[str, frozenset[str]] = {
    JSONATA: frozenset({"Output", "Arguments", "Items"}),
    JSONPATH: frozenset(
        {"InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "ItemsPath", "Result", "SecondsPath"}
    )
    | {"TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath", "MaxConcurrencyPath"}
    | {"ToleratedFailureCountPath", "ToleratedFailurePercentagePath"},
}
"""Fields that one language alone has."""
ENDS = ("Succeed", "Fail")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """`location` is the place in the definition, "" for the whole of it."""

    code: str
    message: str
    location: str = ""

    @property
    def text(self) -> str:
        """As errors have it."""
        return f"{self.code}: {self.message}{' at ' if self.location else ''}{self.location}"


def problems(text: str) -> list[Problem]:
    """Of a definition; none of a good one, as far as it is looked at here."""
    try:
        machine = json.loads(text)
    except ValueError as error:
        return [Problem(NO_JSON, str(error))]
    if not isinstance(machine, dict):
        return [Problem(NO_JSON, "The definition is no JSON object.")]
    found = list(_of_fields(machine))
    if not found:
        found = [one for path, container in _containers(machine) for one in _of_transitions(container, path)]
    more = "" if found else unsupported(text) or checking.problem(machine)
    return [*found, *([_parted(more)] if more else [])]


def _parted(said: str) -> Problem:
    """`CODE: message at /place`; what has no code is a matter of the schema."""
    code, between, rest = said.partition(": ")
    if not between or not code.isupper():
        code, rest = SCHEMA, said
    message, between, location = rest.rpartition(" at /")
    return Problem(code, message, f"/{location}") if between else Problem(code, rest)


def _of_fields(machine: Json) -> Iterator[Problem]:
    whole = machine.get("QueryLanguage") or JSONPATH
    for _, path, state in states_of(machine):
        kind = state.get("Type")
        if isinstance(kind, str) and kind in FIELDS:
            yield from _of_state(state, FIELDS[kind], path, whole)
        for member in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(member), Mapping) and "QueryLanguage" in state[member]:
                yield Problem(SCHEMA, "Field 'QueryLanguage' is not supported", f"{path}/{member}")


def _of_state(state: Json, known: frozenset[str], path: str, whole: str) -> Iterator[Problem]:
    own = state.get("QueryLanguage") or whole
    if own == JSONPATH and whole == JSONATA:
        said = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        yield Problem(SCHEMA, said, path)
    for name in state:
        if name not in known:
            yield Problem(SCHEMA, f"Field '{name}' is not supported", path)
    other = JSONPATH if own == JSONATA else JSONATA
    for name in state:
        if name in known and name in ONLY[other]:
            said = f"The QueryLanguage is set to '{own}', but field '{name}' is only supported for the '{other}'"
            yield Problem(SCHEMA, f"{said} QueryLanguage", path)
    resource = state.get("Resource")
    if isinstance(resource, str) and not RESOURCE.fullmatch(resource):
        yield Problem(SCHEMA, "Value is not a valid resource ARN", f"{path}/Resource")
    elif isinstance(resource, str) and resource.endswith(HTTP):
        yield Problem(SCHEMA, "Lambent does not run HTTP tasks yet", f"{path}/Resource")


def _containers(machine: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """All that have a StartAt and States, each with its place."""
    yield path, machine
    for _, here, state in states_of(machine):
        if isinstance(processor(state), Mapping) and processor(state):
            yield f"{here}/{'ItemProcessor' if state.get('ItemProcessor') else 'Iterator'}", processor(state)
        branches = state.get("Branches")
        for at, branch in enumerate(branches if isinstance(branches, list) else ()):
            if isinstance(branch, Mapping):
                yield f"{here}/Branches[{at}]", branch


def _of_transitions(container: Json, path: str) -> Iterator[Problem]:
    states = container.get("States")
    if not isinstance(states, Mapping) or not all(isinstance(one, Mapping) for one in states.values()):
        return
    leads = [(f"{path}/StartAt", "", container.get("StartAt"))]
    for name, state in states.items():
        leads += [(f"{path}/States/{name}/{place}", name, target) for place, target in _targets(state)]
    for place, _, target in leads:
        if isinstance(target, str) and target not in states:
            yield Problem(TARGET, f"Missing 'Next' target: {target}", place)
    if not any(one.get("End") is True or one.get("Type") in ENDS for one in states.values()):
        yield Problem(END, "Workflow has no terminal state")
        return
    reached = {target for _, source, target in leads if source != target}
    for name in states:
        if name not in reached:
            yield Problem(TARGET, f'State "{name}" is not reachable.', f"{path}/States/{name}")


def _targets(state: Json) -> Iterator[tuple[str, Any]]:
    """Where a state may go on, each with its place in it."""
    for member in ("Next", "Default"):
        if member in state:
            yield member, state[member]
    for member in ("Choices", "Catch"):
        inner = state.get(member)
        for at, one in enumerate(inner if isinstance(inner, list) else ()):
            if isinstance(one, Mapping) and "Next" in one:
                yield f"{member}[{at}]/Next", one["Next"]
