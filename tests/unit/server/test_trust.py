"""Which roles of other accounts a function gets keys for, and what STS is asked in the end."""

import asyncio
import json
from typing import Any, cast
from urllib.parse import parse_qs, quote

import pytest

from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.server.trust import FORM, trusted
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

CALLER = Caller(Scope("111111111111"), "id", "ASIAOWN", role="arn:aws:iam::111111111111:role/mine")
THEIRS, MINE = "arn:aws:iam::222222222222:role/path/r", "arn:aws:iam::111111111111:role/r"
AUTH = "AWS4-HMAC-SHA256 Credential=ASIAOWN/20260101/us-east-1/sts/aws4_request"
TRUSTED = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}


class Iam:
    """An IAM with one role; `asked` is whose roles were looked up."""

    def __init__(self, statement: dict[str, Any] | None) -> None:
        self.statement = statement
        self.asked: list[tuple[str, str]] = []

    async def forward(self, request: Request, caller: Caller, service: str) -> Response:
        assert service == "iam"
        self.asked.append((caller.scope.account, parse_qs(request.body.decode())["RoleName"][0]))
        if self.statement is None:
            return Response(404, [], b"<Error><Code>NoSuchEntity</Code></Error>")
        policy = quote(json.dumps({"Statement": [self.statement]}))
        document = f"<Role><AssumeRolePolicyDocument>{policy}</AssumeRolePolicyDocument></Role>"
        return Response(200, [], document.encode())


def ask(iam: Iam, query: str, body: str = "", **headers: str) -> Request:
    named = {"authorization": AUTH} | {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("POST", "/", query, named, body.encode(), "ASIAOWN")
    return asyncio.run(trusted(cast(Neighbour, iam), request, CALLER))


@pytest.mark.parametrize(
    ("statement", "more", "gets"),
    [
        (TRUSTED, "", True),
        (TRUSTED | {"Principal": {"AWS": CALLER.role}}, "", True),
        (TRUSTED | {"Principal": {"AWS": "arn:aws:iam::111111111111:role/other"}}, "", False),
        (TRUSTED | {"Principal": {"Service": "lambda.amazonaws.com"}}, "", False),
        (TRUSTED | {"Condition": {"StringEquals": {"sts:ExternalId": "7"}}}, "&ExternalId=7", True),
        (TRUSTED | {"Condition": {"StringEquals": {"sts:ExternalId": "7"}}}, "", False),
        (None, "", False),
    ],
)
def test_a_role_of_another_account(statement: dict[str, Any] | None, more: str, gets: bool) -> None:
    iam = Iam(statement)
    call = f"Action=AssumeRole&RoleArn={THEIRS}{more}"
    if gets:
        ask(iam, "", call)
    else:
        with pytest.raises(Fault, match="is not authorized to perform: sts:AssumeRole on resource"):
            ask(iam, "", call)
    assert iam.asked == [("222222222222", "r")]


@pytest.mark.parametrize(
    "call",
    [
        f"Action=AssumeRoleWithWebIdentity&RoleArn={THEIRS}",
        f"Action=AssumeRoleWithSAML&RoleArn={THEIRS}",
        f"Action=assumerole&RoleArn={THEIRS}",
        "Action=AssumeRole&RoleArn=nonsense",
    ],
)
def test_what_nobody_can_check_is_refused(call: str) -> None:
    iam = Iam(TRUSTED)
    with pytest.raises(Fault) as refused:
        ask(iam, "", call)
    assert (refused.value.code, iam.asked) == ("AccessDenied", [])


@pytest.mark.parametrize(
    ("query", "body", "headers"),
    [
        (f"Action=AssumeRole&RoleArn={THEIRS}", f"RoleArn={MINE}", {"content_type": FORM}),
        (f"Action=AssumeRole&RoleArn={MINE}", json.dumps({"RoleArn": THEIRS}), {"content_type": "application/json"}),
        (f"Action=AssumeRole&RoleArn={MINE}", "", {"x_amz_target": "AWSSecurityTokenServiceV20110615.AssumeRole"}),
    ],
)
def test_what_is_asked_is_what_was_checked(query: str, body: str, headers: dict[str, str]) -> None:
    asked = ask(Iam(None), query, body, **headers)
    assert (asked.query, set(asked.headers)) == ("", {"host", "authorization", "content-type"})
    assert parse_qs(asked.body.decode())["RoleArn"] == [MINE]


def test_a_presigned_request_is_asked_as_its_signer() -> None:
    request = Request("GET", "/", "Action=GetCallerIdentity&X-Amz-Credential=x", {}, b"", "ASIAOWN")
    asked = asyncio.run(trusted(cast(Neighbour, Iam(None)), request, CALLER))
    assert "Credential=ASIAOWN/" in asked.headers["authorization"]
    assert parse_qs(asked.body.decode())["Action"] == ["GetCallerIdentity"]
