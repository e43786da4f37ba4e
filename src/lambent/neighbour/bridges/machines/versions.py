"""Versions of state machines, and aliases, which share executions out between two of them.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html,
API_CreateStateMachineAlias.html
"""

import random
import re
from typing import Any

from lambent.model.constraints import broken
from lambent.neighbour.bridges.machines.defining import found, publish, revision
from lambent.neighbour.bridges.machines.request import MACHINE, Params, checked_arn, page, refusal

NAME = re.compile(r"(?=.*[a-zA-Z_\-.])[a-zA-Z0-9_\-.]+")
ANOTHER = (
    "Failed to create alias because an alias with the same name and a different routing configuration already exists."
)
NOTHING = "Either the description or the RoutingConfiguration must be specified"
WHOLE = 100


def publish_state_machine_version(backend: Any, said: Params) -> dict[str, Any]:
    """The version of the revision that is there."""
    machine, asked = found(backend, said["stateMachineArn"]), said.get("revisionId")
    if asked is not None and asked != revision(machine):
        text = f"Failed to publish the State Machine version for revision {asked}. "
        text += f"The current State Machine revision is {revision(machine)}."
        raise refusal("ConflictException", text)
    version = publish(machine, said.get("description"))
    return {"creationDate": version.creation_date, "stateMachineVersionArn": version.arn}


def list_state_machine_versions(backend: Any, said: Params) -> dict[str, Any]:
    """The newest first."""
    machine = _machine(backend, said["stateMachineArn"])
    versions = [
        {"stateMachineVersionArn": one.arn, "creationDate": one.creation_date}
        for _, one in sorted(machine.versions.items(), reverse=True)
    ]
    return page(versions, said, "stateMachineVersions")


def delete_state_machine_version(backend: Any, said: Params) -> dict[str, Any]:
    """One that an alias leads to is kept; no error for one that is not there."""
    arn = checked_arn(said["stateMachineVersionArn"], MACHINE)
    for machine in backend.state_machines:
        leading = [name for name, one in machine.aliases.items() if arn in _versions(one.routing_configuration)]
        if leading:
            text = "Version to be deleted must not be referenced by an alias. "
            text += f"Current list of aliases referencing this version: [{', '.join(leading)}]"
            raise refusal("ConflictException", text)
        for number in [number for number, one in machine.versions.items() if one.arn == arn]:
            del machine.versions[number]
    return {}


def create_state_machine_alias(backend: Any, said: Params) -> dict[str, Any]:
    """The same request again answers what it made."""
    name, routing = said["name"], said["routingConfiguration"]
    if not NAME.fullmatch(name) or len(name) > 80:
        pattern = "Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"
        raise refusal("ValidationException", broken(f"Value '{name}'", "name", pattern))
    machine = _routed(backend, routing)
    former = machine.aliases.get(name)
    if former is not None and (former.routing_configuration, former.description) != (routing, said.get("description")):
        raise refusal("ConflictException", ANOTHER)
    alias = former or backend.create_state_machine_alias(name, routing, said.get("description"))
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.creation_date}


def describe_state_machine_alias(backend: Any, said: Params) -> dict[str, Any]:
    """Where it leads."""
    alias = _alias(backend, said["stateMachineAliasArn"])
    return {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "description": alias.description,
        "routingConfiguration": alias.routing_configuration,
        "creationDate": alias.creation_date,
        "updateDate": alias.update_date,
    }


def update_state_machine_alias(backend: Any, said: Params) -> dict[str, Any]:
    """Its description, where it leads, or both."""
    if not said.get("description") and not said.get("routingConfiguration"):
        raise refusal("MissingRequiredParameter", NOTHING)
    alias = _alias(backend, said["stateMachineAliasArn"])
    if said.get("routingConfiguration"):
        _routed(backend, said["routingConfiguration"])
    alias.update(description=said.get("description"), routing_configuration=said.get("routingConfiguration"))
    return {"updateDate": alias.update_date}


def list_state_machine_aliases(backend: Any, said: Params) -> dict[str, Any]:
    """As they were made."""
    machine = _machine(backend, said["stateMachineArn"])
    aliases = [
        {"stateMachineAliasArn": one.arn, "creationDate": one.creation_date}
        for one in sorted(machine.aliases.values(), key=lambda one: one.creation_date)
    ]
    return page(aliases, said, "stateMachineAliases")


def delete_state_machine_alias(backend: Any, said: Params) -> dict[str, Any]:
    """No error for one that is not there."""
    arn = checked_arn(said["stateMachineAliasArn"], MACHINE)
    for machine in backend.state_machines:
        for name in [name for name, one in machine.aliases.items() if one.arn == arn]:
            del machine.aliases[name]
    return {}


def chosen(backend: Any, arn: str) -> tuple[Any, str | None]:
    """What an execution of a machine, a version or an alias (by its weights) runs, and the alias's ARN. Raises moto's
    InvalidArn or StateMachineDoesNotExist."""
    for machine in backend.state_machines:
        for alias in machine.aliases.values():
            if alias.arn == arn:
                routes = alias.routing_configuration
                version, *_ = random.choices(  # noqa: S311 (chance is what weights ask for)
                    [one["stateMachineVersionArn"] for one in routes], [one["weight"] for one in routes]
                )
                return found(backend, version), arn
    return found(backend, arn), None


def _machine(backend: Any, arn: str) -> Any:
    """A machine itself. Raises moto's InvalidArn."""
    checked_arn(arn, MACHINE)
    for machine in backend.state_machines:
        if machine.arn == arn:
            return machine
    raise refusal("InvalidArn", f"Invalid Arn: '{arn}'")


def _alias(backend: Any, arn: str) -> Any:
    checked_arn(arn, MACHINE)
    for machine in backend.state_machines:
        for alias in machine.aliases.values():
            if alias.arn == arn:
                return alias
    raise refusal("ResourceNotFound", "Request references a resource that does not exist.")


def _versions(routing: list[dict[str, Any]]) -> list[str]:
    return [one["stateMachineVersionArn"] for one in routing]


def _routed(backend: Any, routing: list[dict[str, Any]]) -> Any:
    """The machine that an alias's versions are of. Raises moto's ValidationException."""
    arns, weights = _versions(routing), [one["weight"] for one in routing]
    told = f"[{', '.join(arns)}]"
    if not 1 <= len(routing) <= 2:
        whole = ", ".join(
            f"RoutingConfigurationListItem(stateMachineVersionArn={arn}, weight={weight})"
            for arn, weight in zip(arns, weights, strict=True)
        )
        text = broken(f"Value '[{whole}]'", "routingConfiguration", "Member must have length less than or equal to 2")
        raise refusal("ValidationException", text)
    if len(set(arns)) < len(arns):
        text = f"Routing configuration must contain distinct state machine version ARNs. Received: {told}"
        raise refusal("ValidationException", text)
    if sum(weights) != WHOLE:
        text = f"Sum of routing configuration weights must equal {WHOLE}. Received: {weights}"
        raise refusal("ValidationException", text)
    machines = [one for one in backend.state_machines if {v.arn for v in one.versions.values()} >= set(arns)]
    if not machines:
        text = f"Routing configuration must contain state machine version ARNs. Received: {told}"
        raise refusal("ValidationException", text)
    return machines[0]
