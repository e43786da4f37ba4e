"""An endpoint that other machines reach: who has not signed is not let in, by whatever way."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.exchange import Here
from lambent.gateway.guard import Guard
from lambent.gateway.hosts import Hosts
from lambent.gateway.reached import Reached
from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.server import root_keys
from lambent.wire.http import Form, Request, Response

KEY, ACCOUNT = "AKIAAAAAAAAAAAAAAAAA", "222222222222"
TEMPORARY = "ASIAAAAAAAAAAAAAAAAA"
KEYS = {KEY: Held("secret", ACCOUNT), TEMPORARY: Held("other", ACCOUNT, "arn:aws:iam::222222222222:role/r", token="t")}
URL = "http://10.0.0.5:4566/"


@dataclass(frozen=True)
class Client:
    address: str = "10.0.0.9"
    scheme: str = "http"


async def _who(_env: object, caller: Caller, _params: object) -> dict[str, str]:
    return {"Account": caller.scope.account, "Arn": "", "UserId": ""}


def _received(request: Request, _caller: Caller) -> Request:
    return request


async def _deleted(_env: object, _caller: Caller, _params: object) -> dict[str, str]:
    raise AssertionError("nobody signed this")


async def _page(_request: Request) -> Response:
    return Response(200)


async def _forward(_request: Request, _caller: Caller, name: str) -> Response:
    return Response(299, [], name.encode())


GATEWAY = Gateway(
    {
        "sts": Here({"GetCallerIdentity": _who, "AssumeRoleWithWebIdentity": _who}, None),
        "s3": Here({"DeleteObjects": _deleted, "CreateMultipartUpload": _deleted}, None, receive=_received),
    },
    {"findings": _page, "code": _page, "prometheus": _page, "/v1/traces": _page},
    _forward,
    account_of,
    lambda _key: None,
    lambda: "id",
    KEYS.get,
    Guard(Hosts(addresses=True)),
    now=time.time,
    signed=True,
    reached=True,
)


def ask(request: Request) -> Response:
    return asyncio.run(Reached(GATEWAY, KEYS.get, time.time)(request))


def call(action: str = "GetCallerIdentity", **more: str) -> Request:
    headers = {"host": "10.0.0.5:4566", "content-type": "application/x-www-form-urlencoded", **more}
    return Request("POST", "/", "", headers, f"Action={action}&Version=2011-06-15".encode(), client=Client())


def signed(key: str, secret: str, service: str = "sts", token: str | None = None, at: float = 0) -> Request:
    request = call()
    asked = AWSRequest("POST", URL, headers={"content-type": request.headers["content-type"]}, data=request.body)
    auth = SigV4Auth(Credentials(key, secret, token), service, "us-east-1")
    if at:
        asked.context["timestamp"] = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        auth.add_auth = lambda one: _signed_at(auth, one)  # type: ignore[method-assign]
    auth.add_auth(asked)
    request.headers |= {name.lower(): value for name, value in asked.headers.items()}
    return request


def _signed_at(auth: SigV4Auth, asked: AWSRequest) -> None:
    auth._modify_request_before_signing(asked)
    canonical = auth.canonical_request(asked)
    auth._inject_signature_to_request(asked, auth.signature(auth.string_to_sign(asked, canonical), asked))


def test_an_accounts_own_key_is_its_accounts() -> None:
    answer = ask(signed(KEY, "secret"))
    assert (answer.status, ACCOUNT.encode() in bytes(answer.body)) == (200, True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        (call, b"MissingAuthenticationToken"),
        (lambda: signed("test", "test"), b"InvalidClientTokenId"),
        (lambda: signed(ACCOUNT, "test"), b"InvalidClientTokenId"),
        (lambda: signed(KEY, "guessed"), b"SignatureDoesNotMatch"),
        (lambda: signed(TEMPORARY, "other"), b"InvalidClientTokenId"),
        (lambda: signed(KEY, "secret", at=time.time() - 3_600), b"SignatureDoesNotMatch"),
        (lambda: signed(KEY, "secret", at=time.time() + 3_600), b"SignatureDoesNotMatch"),
        (
            lambda: call(authorization=f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/sts/aws4_request, "
                         "SignedHeaders=host, Signature=none"),
            b"SignatureDoesNotMatch",
        ),
    ],
)  # fmt: skip
def test_who_has_not_signed_is_not_let_in(request_of: object, code: bytes) -> None:
    answer = ask(request_of())  # type: ignore[operator]
    assert answer.status == 403
    assert code in bytes(answer.body)  # type: ignore[arg-type]


def test_a_body_that_was_changed_is_refused() -> None:
    request = signed(KEY, "secret")
    request.body += b"&RoleArn=x"
    assert ask(request).status == 403


def test_the_key_of_another_service_is_not_taken_for_the_moment_it_was_made() -> None:
    assert ask(signed(TEMPORARY, "other", token="t")).status == 200


@pytest.mark.parametrize("path", ["/bucket/key", "/bucket", "/"])
def test_nobody_is_anonymous_at_s3(path: str) -> None:
    request = Request("GET", path, "", {"host": "10.0.0.5:4566"}, client=Client())
    assert ask(request).status == 403


@pytest.mark.parametrize("query", ["delete", "uploads", "delete=&key=x"])
def test_what_looks_like_a_form_and_is_none_is_refused(query: str) -> None:
    headers = {"host": "10.0.0.5:4566", "content-type": "multipart/form-data; boundary=x"}
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    path = "/bucket" if "delete" in query else "/bucket/key"
    assert ask(Request("POST", path, query, headers, body, client=Client())).status == 403


@pytest.mark.parametrize(("key", "status"), [("", 403), ("test", 403), (ACCOUNT, 403)])
def test_a_form_that_no_key_signed_is_refused(key: str, status: int) -> None:
    headers = {"host": "10.0.0.5:4566", "content-type": "multipart/form-data; boundary=x"}
    sent = Request("POST", "/bucket/k", "uploads", headers, b"", client=Client(), form=Form({}, key, "us-east-1"))
    assert ask(sent).status == status


def test_what_aws_answers_unsigned_is_answered() -> None:
    assert ask(call("AssumeRoleWithWebIdentity")).status != 403


@pytest.mark.parametrize(
    ("path", "address", "status"),
    [
        ("/_lambent/findings", "127.0.0.1", 200),
        ("/_lambent/findings", "::1", 200),
        ("/_lambent/findings", "10.0.0.9", 403),
        ("/_lambent/findings", "", 403),
        ("//_lambent/findings", "10.0.0.9", 403),
        ("/%5flambent/findings", "10.0.0.9", 403),
        ("/_lambent/code/x", "10.0.0.9", 200),
        ("/moto-api/reset", "10.0.0.9", 403),
        ("/latest/meta-data", "10.0.0.9", 403),
    ],
)
def test_lambents_own_pages_are_for_its_machine(path: str, address: str, status: int) -> None:
    request = Request("GET", path, "", {"host": "10.0.0.5:4566"}, client=Client(address))
    assert ask(request).status == status


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("10.0.0.9", 403)])
def test_who_signs_a_link_scrapes_no_other_machine(address: str, status: int) -> None:
    asked = AWSRequest("GET", "http://10.0.0.5:4566/metrics")
    S3SigV4QueryAuth(Credentials(KEY, "secret"), "s3", "us-east-1", expires=60).add_auth(asked)
    headers = {"host": "10.0.0.5:4566", "accept": "text/plain;version=0.0.4"}
    request = Request("GET", "/metrics", asked.url.partition("?")[2], headers, client=Client(address))
    assert ask(request).status == status


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json"])
def test_who_sends_spans_signs_them_in_a_header(kind: str) -> None:
    asked = AWSRequest("POST", "http://10.0.0.5:4566/v1/traces")
    S3SigV4QueryAuth(Credentials(KEY, "secret"), "s3", "us-east-1", expires=60).add_auth(asked)
    headers = {"host": "10.0.0.5:4566", "content-type": kind}
    for query in ("", asked.url.partition("?")[2]):
        assert ask(Request("POST", "/v1/traces", query, headers, b"", client=Client("10.0.0.9"))).status == 403


def test_keys_are_made_once_and_kept_for_their_user(tmp_path: Path) -> None:
    keys, made = root_keys.open_keys(tmp_path, ["000000000000"])
    assert keys == made
    assert (tmp_path / root_keys.FILE).stat().st_mode & 0o777 == 0o600
    again, fresh = root_keys.open_keys(tmp_path, ["000000000000", ACCOUNT])
    assert [held.account for held in fresh.values()] == [ACCOUNT]
    assert again == keys | fresh
    assert {held.account for held in root_keys.open_keys(tmp_path, [ACCOUNT])[0].values()} == {ACCOUNT}
    assert all(held.secret_key in root_keys.shown(fresh) for held in fresh.values())


def test_a_file_of_keys_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / root_keys.FILE).write_text("[1]")
    with pytest.raises(root_keys.StartError, match="mend it, or move it away"):
        root_keys.open_keys(tmp_path, ["000000000000"])
