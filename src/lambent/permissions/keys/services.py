"""Keys of single services that are more than one parameter.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html,
https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/policy-keys-eventbridge.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambent.model import names
from lambent.permissions.keys.view import Value, View
from lambent.permissions.resolved import Resolved


async def function_of_mapping(view: View, resolved: Resolved) -> Value:
    """The function of an event source mapping: of the one that is being made, or that is there."""
    said = view.right.params.get("FunctionName")
    if said:
        return _function_arn(view, str(said))
    mapping = view.right.params.get("UUID")
    if not mapping:
        return None
    found = await resolved.find(
        f"mapping {mapping}", view.owner, "lambda", "GetEventSourceMapping", {"UUID": mapping},
        lambda answer: str(answer.get("FunctionArn", "")),
    )  # fmt: skip
    return found or None


def _function_arn(view: View, text: str) -> Value:
    if text.startswith("arn:"):
        return text
    try:
        said = names.parse(text)
    except names.NameRefused:
        return None
    return names.function_arn(view.caller.scope, said.name, said.qualifier)


async def vpcs(view: View, resolved: Resolved) -> Value:
    """The VPC of the subnets that a function is given."""
    subnets = (view.right.params.get("VpcConfig") or {}).get("SubnetIds")
    if not subnets:
        return None
    found = await resolved.find(
        f"subnets {sorted(subnets)}", view.owner, "ec2", "DescribeSubnets", {"SubnetIds": list(subnets)},
        lambda said: ",".join(sorted({str(one.get("VpcId")) for one in said.get("Subnets", ())})),
    )  # fmt: skip
    return tuple(found.split(",")) if found else None


def layers(view: View) -> Value:
    """The layers of the request."""
    return tuple(str(one) for one in view.right.params.get("Layers") or ()) or None


def auth_type(view: View) -> Value:
    """A URL's, or the one that a permission is for."""
    params = view.right.params
    return params.get("AuthType") or params.get("FunctionUrlAuthType")


def secret(view: View) -> Value:
    """The secret's ARN."""
    return view.right.resource if ":secret:" in view.right.resource and view.right.params.get("SecretId") else None


def stage(view: View) -> Value:
    """AWSCURRENT where a value is read and nothing is said."""
    params = view.right.params
    said = params.get("VersionStage") or params.get("VersionStages")
    if said:
        return said if isinstance(said, str) else tuple(said)
    return "AWSCURRENT" if view.name == "GetSecretValue" and not params.get("VersionId") else None


def of_secret(name: str) -> Callable[[View, Resolved], Any]:
    """What a secret that is there is set to."""

    async def find(view: View, resolved: Resolved) -> Value:
        arn = view.right.resource
        if ":secret:" not in arn:
            return None
        said = await resolved.find(
            f"{arn} described", view.owner, "secretsmanager", "DescribeSecret", {"SecretId": arn},
            lambda answer: json.dumps(answer, default=str),
        )  # fmt: skip
        return str(json.loads(said or "{}").get(name) or "") or None

    return find


def is_given(name: str) -> Callable[[View], Value]:
    """Whether a parameter is given."""
    return lambda view: "true" if view.right.params.get(name) else "false"


def regions(view: View) -> Value:
    """Where a secret is to be copied to."""
    return tuple(str(one.get("Region")) for one in view.right.params.get("AddReplicaRegions") or ()) or None


def primary_region(view: View) -> Value:
    """Where a secret is; none is a replica here."""
    return view.owner.region


def qualifier(view: View) -> Value:
    """The version or alias of a state machine."""
    said = str(view.right.params.get("stateMachineArn") or view.right.params.get("stateMachineAliasArn") or "")
    return said.split(":")[7] if said.count(":") == 7 else None


def of_entries(name: str, in_pattern: str) -> Callable[[View], Value]:
    """What events are put with, or what a rule's pattern asks for."""

    def find(view: View) -> Value:
        entries = view.right.params.get("Entries")
        if isinstance(entries, list):
            return tuple(str(one.get(name)) for one in entries if one.get(name)) or None
        found = _pattern(view.right.params)
        for part in in_pattern.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return tuple(str(one) for one in found if isinstance(one, str)) or None if isinstance(found, list) else None

    return find


def _pattern(params: Mapping[str, Any]) -> Any:
    try:
        return json.loads(params.get("EventPattern") or "null")
    except ValueError:
        return None


def targets(view: View) -> Value:
    """The ARNs of a rule's targets."""
    return tuple(str(one.get("Arn")) for one in view.right.params.get("Targets") or ()) or None


KEYS: Mapping[str, Any] = {
    "lambda:functionarn": function_of_mapping,
    "lambda:vpcids": vpcs,
    "lambda:layer": layers,
    "lambda:functionurlauthtype": auth_type,
    "secretsmanager:secretid": secret,
    "secretsmanager:versionstage": stage,
    "secretsmanager:resource/allowrotationlambdaarn": of_secret("RotationLambdaARN"),
    "secretsmanager:resource/type": of_secret("Type"),
    "secretsmanager:modifyrotationrules": is_given("RotationRules"),
    "secretsmanager:addreplicaregions": regions,
    "secretsmanager:secretprimaryregion": primary_region,
    "states:statemachinequalifier": qualifier,
    "events:source": of_entries("Source", "source"),
    "events:detail-type": of_entries("DetailType", "detail-type"),
    "events:detail.service": of_entries("", "detail.service"),
    "events:detail.eventtypecode": of_entries("", "detail.eventTypeCode"),
    "events:detail.useridentity.principalid": of_entries("", "detail.userIdentity.principalId"),
    "events:targetarn": targets,
}
