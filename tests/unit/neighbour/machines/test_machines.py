"""State machines, their versions and aliases, as AWS's API reference has them."""

from typing import Any

import pytest

from lambent.neighbour.bridges.machines import defining, executions, validating, versions
from tests.unit.neighbour.machines.plane import PASS, WAITS, backend, definition, machine, refused, started


def test_the_same_request_again_makes_nothing_and_another_is_refused() -> None:
    there = backend()
    made = machine(there)
    assert machine(there, tags=[{"key": "a", "value": "b"}], roleArn="arn:aws:iam::111111111111:role/other") == made
    with refused("StateMachineAlreadyExists"):
        machine(there, WAITS)
    with refused("StateMachineAlreadyExists"):
        machine(there, type="EXPRESS")


def test_a_machine_is_described_to_the_last_member() -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    told = defining.describe_state_machine(there, {"stateMachineArn": arn})
    assert {name: told[name] for name in told if name not in ("creationDate",)} == {
        "stateMachineArn": arn,
        "name": "m",
        "status": "ACTIVE",
        "definition": definition(),
        "roleArn": "arn:aws:iam::111111111111:role/r",
        "type": "STANDARD",
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        "description": None,
        "revisionId": None,
        "variableReferences": None,
    }


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"definition": "{"}, "InvalidDefinition"),
        ({"definition": '{"StartAt": "A", "States": {"A": {"Type": "Odd"}}}'}, "InvalidDefinition"),
        ({"name": "a b"}, "InvalidName"),
        ({"roleArn": "role"}, "InvalidArn"),
        ({"versionDescription": "one"}, "ValidationException"),
        ({"loggingConfiguration": {"level": "ALL"}}, "InvalidLoggingConfiguration"),
    ],
)
def test_what_makes_no_machine(said: dict[str, Any], code: str) -> None:
    from moto.stepfunctions.parser import api

    from lambent.neighbour.bridges.machines import operations

    operations.named(api)
    with refused(code):
        machine(backend(), **said)


def test_a_change_is_a_revision_of_which_there_is_one_version() -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    with refused("MissingRequiredParameter"):
        defining.update_state_machine(there, {"stateMachineArn": arn})
    same = defining.update_state_machine(there, {"stateMachineArn": arn, "definition": definition()})
    assert same["revisionId"] is None
    changed = defining.update_state_machine(there, {"stateMachineArn": arn, "definition": definition(WAITS)})
    with refused("ConflictException"):
        versions.publish_state_machine_version(there, {"stateMachineArn": arn, "revisionId": "another"})
    one = versions.publish_state_machine_version(there, {"stateMachineArn": arn, "revisionId": changed["revisionId"]})
    assert versions.publish_state_machine_version(there, {"stateMachineArn": arn}) == one
    assert one["stateMachineVersionArn"] == f"{arn}:1"
    told = defining.describe_state_machine(there, {"stateMachineArn": f"{arn}:1"})
    assert (told["definition"], told["revisionId"]) == (definition(WAITS), changed["revisionId"])
    defining.update_state_machine(there, {"stateMachineArn": arn, "definition": definition(), "publish": True})
    listed = versions.list_state_machine_versions(there, {"stateMachineArn": arn})["stateMachineVersions"]
    assert [one["stateMachineVersionArn"][-2:] for one in listed] == [":2", ":1"]


def test_an_alias_shares_out_between_versions_and_keeps_them() -> None:
    there = backend()
    arn = machine(there, publish=True)["stateMachineArn"]
    defining.update_state_machine(there, {"stateMachineArn": arn, "definition": definition(WAITS), "publish": True})
    said: dict[str, Any] = {
        "name": "live",
        "routingConfiguration": [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}],
    }
    alias = versions.create_state_machine_alias(there, said)
    assert versions.create_state_machine_alias(there, said) == alias
    both = [{"stateMachineVersionArn": f"{arn}:{number}", "weight": 50} for number in (1, 2)]
    with refused("ConflictException"):
        versions.create_state_machine_alias(there, {**said, "routingConfiguration": both})
    for routing in ([*both, *both], [both[0]], [both[0], both[0]], [{"stateMachineVersionArn": arn, "weight": 100}]):
        with refused("ValidationException"):
            versions.create_state_machine_alias(there, {"name": "other", "routingConfiguration": routing})
    with refused("ConflictException"):
        versions.delete_state_machine_version(there, {"stateMachineVersionArn": f"{arn}:1"})
    name = alias["stateMachineAliasArn"]
    execution = executions.describe_execution(there, {"executionArn": started(there, name)})
    assert (execution["stateMachineArn"], execution["stateMachineVersionArn"]) == (arn, f"{arn}:1")
    assert execution["stateMachineAliasArn"] == name
    assert len(executions.list_executions(there, {"stateMachineArn": name})["executions"]) == 1
    versions.update_state_machine_alias(there, {"stateMachineAliasArn": name, "routingConfiguration": both})
    told = versions.describe_state_machine_alias(there, {"stateMachineAliasArn": name})
    assert told["routingConfiguration"] == both
    versions.delete_state_machine_alias(there, {"stateMachineAliasArn": name})
    versions.delete_state_machine_version(there, {"stateMachineVersionArn": f"{arn}:1"})
    assert versions.list_state_machine_aliases(there, {"stateMachineArn": arn}) == {"stateMachineAliases": []}


def test_lists_have_pages() -> None:
    there = backend()
    for name in ("b", "a", "c"):
        machine(there, name=name)
    first = defining.list_state_machines(there, {"maxResults": 2})
    rest = defining.list_state_machines(there, {"maxResults": 2, "nextToken": first["nextToken"]})
    assert [one["name"] for one in (*first["stateMachines"], *rest["stateMachines"])] == ["a", "b", "c"]
    assert "nextToken" not in rest
    with refused("InvalidToken"):
        defining.list_state_machines(there, {"nextToken": "?"})
    with refused("ValidationException"):
        defining.list_state_machines(there, {"maxResults": 1001})


def test_what_is_gone_does_not_exist() -> None:
    there = backend()
    arn = machine(there)["stateMachineArn"]
    defining.delete_state_machine(there, {"stateMachineArn": arn})
    assert defining.delete_state_machine(there, {"stateMachineArn": arn}) == {}
    with refused("StateMachineDoesNotExist"):
        defining.describe_state_machine(there, {"stateMachineArn": arn})
    with refused("InvalidArn"):
        defining.describe_state_machine(there, {"stateMachineArn": "arn:aws:sqs:eu-west-1:111111111111:q"})


def test_a_definition_is_looked_at_before_it_is_kept() -> None:
    good = validating.validate_state_machine_definition(backend(), {"definition": definition(PASS)})
    assert good == {"result": "OK", "diagnostics": [], "truncated": False}
    bad = validating.validate_state_machine_definition(backend(), {"definition": '{"StartAt": "A"'})
    assert (bad["result"], bad["diagnostics"][0]["severity"]) == ("FAIL", "ERROR")
