"""Connections, whose secrets are never said again, and API destinations."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.services_events.events_kit import HERE, Events, with_events

ROLE = "arn:aws:iam::111111111111:role/r"
BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
KEY = {
    "ApiKeyAuthParameters": {"ApiKeyName": "n", "ApiKeyValue": "p"},
    "InvocationHttpParameters": {
        "HeaderParameters": [{"Key": "a", "Value": "p"}, {"Key": "b", "Value": "shown", "IsValueSecret": False}]
    },
}
OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "c", "ClientSecret": "p"},
        "AuthorizationEndpoint": "https://e.test/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "p"}]},
    }
}
DESTINATION: dict[str, Any] = {"InvocationEndpoint": "https://e.test/", "HttpMethod": "POST"}


async def connect(events: Events, name: str = "c", kind: str = "BASIC", auth: dict[str, Any] | None = None) -> str:
    made = await events.did("CreateConnection", Name=name, AuthorizationType=kind, AuthParameters=auth or BASIC)
    return str(made["ConnectionArn"])


@pytest.mark.parametrize(
    ("kind", "auth", "shown"),
    [
        ("BASIC", BASIC, {"BasicAuthParameters": {"Username": "u"}}),
        (
            "API_KEY",
            KEY,
            {
                "ApiKeyAuthParameters": {"ApiKeyName": "n"},
                "InvocationHttpParameters": {
                    "HeaderParameters": [
                        {"Key": "a", "IsValueSecret": True},
                        {"Key": "b", "Value": "shown", "IsValueSecret": False},
                    ]
                },
            },
        ),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            OAUTH,
            {
                "OAuthParameters": {
                    "ClientParameters": {"ClientID": "c"},
                    "AuthorizationEndpoint": "https://e.test/token",
                    "HttpMethod": "POST",
                    "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "IsValueSecret": True}]},
                }
            },
        ),
    ],
)
def test_a_connection_is_described_without_its_secrets(
    tmp_path: Path, kind: str, auth: dict[str, Any], shown: dict[str, Any]
) -> None:
    async def before(events: Events) -> None:
        await connect(events, "c", kind, auth)

    async def after(events: Events) -> None:
        said = await events.did("DescribeConnection", Name="c")
        assert (said["AuthorizationType"], said["ConnectionState"], said["AuthParameters"]) == (
            kind,
            "AUTHORIZED",
            shown,
        )
        assert ":secret:events!connection/c/" in said["SecretArn"]
        [listed] = (await events.did("ListConnections"))["Connections"]
        assert (listed["Name"], listed["ConnectionArn"]) == ("c", said["ConnectionArn"])

    with_events(tmp_path, before, after)


def test_a_connection_changes_loses_its_rights_and_goes(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        arn = await connect(events)
        made = await events.did("CreateApiDestination", Name="d", ConnectionArn=arn, **DESTINATION)
        assert made["ApiDestinationState"] == "ACTIVE"
        new = {"BasicAuthParameters": {"Password": "q"}}
        await events.did("UpdateConnection", Name="c", AuthParameters=new, Description="d")
        kept = events.registry.uniquely("events-connection", HERE, arn.split(":", 5)[5])
        assert kept is not None and kept["auth"] == {"BasicAuthParameters": {"Username": "u", "Password": "q"}}
        code, _ = await events.refused("UpdateConnection", Name="c", AuthorizationType="API_KEY")
        assert code == "ValidationException"
        await events.did("UpdateConnection", Name="c", AuthorizationType="API_KEY", AuthParameters=KEY)
        assert (await events.did("DeauthorizeConnection", Name="c"))["ConnectionState"] == "DEAUTHORIZED"
        assert (await events.did("DescribeApiDestination", Name="d"))["ApiDestinationState"] == "INACTIVE"
        assert (await events.did("DeleteConnection", Name="c"))["ConnectionState"] == "DELETING"
        assert await events.refused("DescribeConnection", Name="c") == (
            "ResourceNotFoundException", "Connection 'c' does not exist.",
        )  # fmt: skip
        assert (await events.refused("CreateApiDestination", Name="e", ConnectionArn=arn, **DESTINATION))[0] == (
            "ResourceNotFoundException"
        )

    with_events(tmp_path, body)


def test_api_destinations(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        arn = await connect(events)
        given = {**DESTINATION, "InvocationEndpoint": "http://e.test/"}
        made = (await events.did("CreateApiDestination", Name="d", ConnectionArn=arn, **given))["ApiDestinationArn"]
        [finding] = events.findings.document()["findings"]
        assert (finding["code"], finding["resource"]) == ("endpoint-not-https", made)
        again = await events.refused("CreateApiDestination", Name="d", ConnectionArn=arn, **given)
        assert again == ("ResourceAlreadyExistsException", "An api-destination 'd' already exists.")
        await events.did("UpdateApiDestination", Name="d", **DESTINATION, InvocationRateLimitPerSecond=2)
        assert events.findings.document()["findings"] == []
        said = await events.did("DescribeApiDestination", Name="d")
        assert (said["InvocationEndpoint"], said["InvocationRateLimitPerSecond"]) == ("https://e.test/", 2)
        assert [one["Name"] for one in (await events.did("ListApiDestinations"))["ApiDestinations"]] == ["d"]
        bad = await events.refused("UpdateApiDestination", Name="d", InvocationEndpoint="ftp://x/")
        assert bad[0] == "ValidationException"
        await events.rule("r", {"Arn": made, "RoleArn": ROLE})
        await events.did("DeleteApiDestination", Name="d")
        assert await events.refused("DescribeApiDestination", Name="d") == (
            "ResourceNotFoundException", "An api-destination 'd' does not exist.",
        )  # fmt: skip

    with_events(tmp_path, body)


def test_private_connectivity_is_refused_by_name(tmp_path: Path) -> None:
    async def body(events: Events) -> None:
        lattice = "arn:aws:vpc-lattice:eu-west-1:111111111111:resourceconfiguration/rcfg-01234567890123456"
        where = {"ResourceParameters": {"ResourceConfigurationArn": lattice}}
        given = {"Name": "c", "AuthorizationType": "BASIC", "AuthParameters": BASIC}
        code, text = await events.refused("CreateConnection", **given, InvocationConnectivityParameters=where)
        assert (code, "private connectivity" in text) == ("NotImplementedException", True)

    with_events(tmp_path, body)
