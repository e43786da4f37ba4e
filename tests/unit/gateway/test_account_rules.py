"""Whose a request from inside an environment is."""

import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent.gateway import accounts
from lambent.model.credentials import Held
from lambent.wire import service
from lambent.wire.http import Request

OWN = Held("own", "111111111111", "arn:aws:iam::111111111111:role/r")
THEIRS = Held("theirs", "222222222222", "arn:aws:iam::222222222222:role/r")
KEYS = {"ASIAOWN": OWN, "ASIATHEIRS": THEIRS}


def account_of(key: str) -> str:
    return KEYS[key].account if key in KEYS else "000000000000" if key == "test" else key


def signed(key: str, secret: str, body: bytes = b"{}", name: str = "lambda") -> Request:
    """As botocore signs it, in the header."""
    asked = AWSRequest("POST", "http://127.0.0.1:4566/2015-03-31/functions", data=body)
    SigV4Auth(Credentials(key, secret), name, "eu-west-1").add_auth(asked)
    headers = {name.lower(): value for name, value in asked.headers.items()} | {"host": "127.0.0.1:4566"}
    return Request("POST", "/2015-03-31/functions", "", headers, body, inside="ASIAOWN")


def link(key: str, secret: str) -> Request:
    """A presigned one."""
    asked = AWSRequest("GET", "http://127.0.0.1:4566/bucket/key")
    S3SigV4QueryAuth(Credentials(key, secret), "s3", "eu-west-1", expires=60).add_auth(asked)
    return Request("GET", "/bucket/key", asked.url.partition("?")[2], {"host": "127.0.0.1:4566"}, inside="ASIAOWN")


OLD_LINK = Request("GET", "/b/k", "AWSAccessKeyId={}&Signature=s&Expires=1", {}, inside="ASIAOWN")


@pytest.mark.parametrize(
    ("request_", "key", "account"),
    [
        (signed("ASIAOWN", "whatever"), "ASIAOWN", "111111111111"),
        (signed("222222222222", "x"), "222222222222", None),
        (signed("111111111111", "x"), "111111111111", None),
        (signed("test", "test"), "test", None),
        (signed("ASIATHEIRS", "theirs"), "ASIATHEIRS", "222222222222"),
        (signed("ASIATHEIRS", "guessed"), "ASIATHEIRS", None),
        (link("ASIAOWN", "own"), "ASIAOWN", "111111111111"),
        (link("ASIATHEIRS", "theirs"), "ASIATHEIRS", "222222222222"),
        (link("ASIATHEIRS", "guessed"), "ASIATHEIRS", None),
        (link("111111111111", "x"), "111111111111", "111111111111"),
        (link("222222222222", "x"), "222222222222", None),
        (link("test", "x"), "test", None),
        (OLD_LINK, "ASIAOWN", "111111111111"),
        (OLD_LINK, "111111111111", "111111111111"),
        (OLD_LINK, "ASIATHEIRS", None),
    ],
)
def test_whose_a_key_is_inside(request_: Request, key: str, account: str | None) -> None:
    found = accounts.whose(request_, OWN, key, KEYS.get, account_of)
    assert (found.account if found else None) == account


def test_a_changed_body_is_not_signed() -> None:
    request = signed("ASIATHEIRS", "theirs")
    assert accounts.is_signed(request, "theirs")
    request.body = b"[]"
    assert not accounts.is_signed(request, "theirs")


@pytest.mark.parametrize(
    ("headers", "query", "good"),
    [
        ({"x-amz-security-token": "t+1"}, "", True),
        ({}, "X-Amz-Security-Token=t%2B1", True),
        ({"x-amz-security-token": "other"}, "", False),
        ({"x-amz-security-token": "t+1\u00e4"}, "", False),
        ({}, "", False),
    ],
)
def test_a_session_s_key_needs_its_token(headers: dict[str, str], query: str, good: bool) -> None:
    assert accounts.has_token(Request("GET", "/", query, headers), "t+1") is good
    assert accounts.has_token(Request("GET", "/", query, headers), "")


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-30T08:39:53.670019+00:00"])
def test_a_strange_date_is_not_signed(date: str) -> None:
    request = signed("ASIATHEIRS", "theirs")
    request.headers["x-amz-date"] = date
    assert not accounts.is_signed(request, "theirs")


@pytest.mark.parametrize(
    ("name", "unknown", "unsigned", "region"),
    [
        ("lambda", "UnrecognizedClientException", "MissingAuthenticationTokenException", "InvalidSignatureException"),
        ("dynamodb", "UnrecognizedClientException", "MissingAuthenticationTokenException", "InvalidSignatureException"),
        ("sqs", "InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
        ("iam", "InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
        ("route53", "InvalidClientTokenId", "MissingAuthenticationToken", "SignatureDoesNotMatch"),
        ("s3", "InvalidAccessKeyId", "MissingAuthenticationToken", "AuthorizationHeaderMalformed"),
    ],
)
def test_each_service_has_its_own_words(name: str, unknown: str, unsigned: str, region: str) -> None:
    form = service.load(name)
    assert accounts.unknown_key(form).code == unknown
    assert accounts.unsigned(form).code == unsigned
    assert accounts.bad_region(form, "nowhere").code == region


@pytest.mark.parametrize(
    ("name", "request_", "may"),
    [
        ("s3", Request("GET", "/bucket/key"), True),
        ("sts", Request("POST", "/", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), True),
        ("sts", Request("POST", "/", "Action=AssumeRole&Version=2011-06-15"), False),
        ("lambda", Request("GET", "/2015-03-31/functions"), False),
        ("lambda", Request("GET", "/nothing"), False),
        ("sso-oidc", Request("POST", "/token"), True),
    ],
)
def test_what_aws_answers_without_a_signature(name: str, request_: Request, may: bool) -> None:
    assert accounts.may_be_unsigned(service.load(name), request_) is may


def test_a_service_that_is_not_known_needs_a_signature() -> None:
    assert not accounts.may_be_unsigned(None, Request("GET", "/"))
    assert accounts.unknown_key(None).code == "UnrecognizedClientException"
