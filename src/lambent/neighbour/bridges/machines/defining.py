"""State machines: made, described, changed, listed, removed.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html (what an equal
request is), API_DescribeStateMachine.html, API_UpdateStateMachine.html
"""

import json
import uuid
from typing import Any

from lambent.neighbour.bridges.machines.request import MACHINE, Params, checked_arn, page, refusal

DESCRIBED_ALONE = "Version description can only be set when publish is true"
ONE_DESTINATION = "Invalid Logging Configuration: Must specify exactly one Log Destination."
UNQUALIFIED = "Invalid Logging Configuration: Log Group ARN must be provided with '*' qualifier."
"""As users of AWS have reported it: https://github.com/hashicorp/terraform-provider-aws/pull/17683"""
NOTHING = (
    "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the "
    "TracingConfiguration must be specified"
)
OFF = "OFF"


def create_state_machine(backend: Any, said: Params) -> dict[str, Any]:
    """The same request again answers what it made; another one of that name is refused."""
    _check_description(said)
    logging = _logging(said.get("loggingConfiguration") or {})
    backend._validate_definition(definition=said["definition"])
    former = next((one for one in backend.state_machines if one.name == said["name"]), None)
    if former is not None:
        if not _is_same(former, said, logging):
            raise refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{former.arn}'")
        return _made(former)
    machine = backend.create_state_machine(
        name=said["name"],
        definition=said["definition"],
        roleArn=said["roleArn"],
        tags=said.get("tags"),
        loggingConfiguration=logging,
        tracingConfiguration=said.get("tracingConfiguration"),
        encryptionConfiguration=said.get("encryptionConfiguration"),
        sm_type=said.get("type"),
    )
    if said.get("publish"):
        publish(machine, said.get("versionDescription"))
    return _made(machine)


def describe_state_machine(backend: Any, said: Params) -> dict[str, Any]:
    """Of a machine or a version."""
    machine = found(backend, said["stateMachineArn"])
    return {
        **parts(machine),
        "stateMachineArn": machine.arn,
        "status": "ACTIVE",
        "type": machine.type,
        "creationDate": machine.creation_date,
        "description": machine.description,
    }


def list_state_machines(backend: Any, said: Params) -> dict[str, Any]:
    """By name."""
    machines = [
        {"stateMachineArn": one.arn, "name": one.name, "type": one.type, "creationDate": one.creation_date}
        for one in sorted(backend.state_machines, key=lambda one: one.name)
    ]
    return page(machines, said, "stateMachines")


def update_state_machine(backend: Any, said: Params) -> dict[str, Any]:
    """What changes makes a new revision."""
    _check_description(said)
    changes = {name: said.get(name) for name in ("definition", "roleArn", "tracingConfiguration")}
    changes["loggingConfiguration"] = said.get("loggingConfiguration") and _logging(said["loggingConfiguration"])
    changes["encryptionConfiguration"] = said.get("encryptionConfiguration")
    if not any(changes.values()):
        raise refusal("MissingRequiredParameter", NOTHING)
    machine = found(backend, said["stateMachineArn"])
    if said.get("definition"):
        backend._validate_definition(definition=said["definition"])
    changed = {name: one for name, one in changes.items() if one and one != getattr(machine, name)}
    machine.update(**changed)
    if changed:
        machine.revision_id = str(uuid.uuid4())
    version = publish(machine, said.get("versionDescription")).arn if said.get("publish") else None
    return {"updateDate": machine.update_date, "revisionId": revision(machine), "stateMachineVersionArn": version}


def delete_state_machine(backend: Any, said: Params) -> dict[str, Any]:
    """No error for one that is not there."""
    arn = checked_arn(said["stateMachineArn"], MACHINE)
    backend.state_machines[:] = [one for one in backend.state_machines if one.arn != arn]
    return {}


def found(backend: Any, arn: str) -> Any:
    """A machine or a version. Raises moto's InvalidArn or StateMachineDoesNotExist."""
    checked_arn(arn, MACHINE)
    for machine in backend.state_machines:
        if machine.arn == arn:
            return machine
        for version in machine.versions.values():
            if version.arn == arn:
                return version
    raise refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def revision(machine: Any) -> str | None:
    """None until a machine is changed."""
    found: str | None = getattr(machine, "revision_id", None)
    return found


def publish(machine: Any, description: str | None) -> Any:
    """The version of a machine as it is: the one that was published of it, or a new one."""
    published = machine.__dict__.setdefault("published", {})
    number = published.get(revision(machine))
    if number not in machine.versions:
        machine.publish(description)
        published[revision(machine)] = machine.latest_version_number
        machine.latest_version.revision_id = revision(machine)
        return machine.latest_version
    return machine.versions[number]


def _made(machine: Any) -> dict[str, Any]:
    version = machine.latest_version.arn if machine.latest_version else None
    return {
        "stateMachineArn": machine.arn,
        "creationDate": machine.creation_date,
        "stateMachineVersionArn": version,
    }


def parts(machine: Any) -> dict[str, Any]:
    """What every description of a machine says."""
    from moto.stepfunctions.parser.asl.static_analyser.variable_references_static_analyser import (
        VariableReferencesStaticAnalyser,
    )

    return {
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.roleArn,
        "loggingConfiguration": {"includeExecutionData": False, **machine.loggingConfiguration},
        "tracingConfiguration": machine.tracingConfiguration,
        "encryptionConfiguration": machine.encryptionConfiguration,
        "revisionId": revision(machine),
        "variableReferences": VariableReferencesStaticAnalyser.process_and_get(machine.definition) or None,
    }


def _check_description(said: Params) -> None:
    if said.get("versionDescription") and not said.get("publish"):
        raise refusal("ValidationException", DESCRIBED_ALONE)


def _logging(asked: dict[str, Any]) -> dict[str, Any]:
    """With what is so when nothing is said. Raises moto's InvalidLoggingConfiguration."""
    level, destinations = asked.get("level") or OFF, asked.get("destinations")
    if len(destinations or ()) > 1 or (level != OFF and not destinations):
        raise refusal("InvalidLoggingConfiguration", ONE_DESTINATION)
    for one in destinations or ():
        if not str((one.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or "").endswith(":*"):
            raise refusal("InvalidLoggingConfiguration", UNQUALIFIED)
    return {**asked, "level": level, "includeExecutionData": asked.get("includeExecutionData", False)}


def _is_same(former: Any, said: Params, logging: dict[str, Any]) -> bool:
    """Whether a request asks for the machine that is there; its role and its tags don't count."""
    return bool(
        json.loads(former.definition) == json.loads(said["definition"])
        and former.type == (said.get("type") or "STANDARD")
        and {"includeExecutionData": False, **former.loggingConfiguration} == logging
        and former.tracingConfiguration == (said.get("tracingConfiguration") or {"enabled": False})
    )
