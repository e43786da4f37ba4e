"""What could be read as another operation than the one that policies were asked of reaches moto as that one alone."""

from urllib.parse import parse_qsl

import pytest

from lambent.neighbour.one_reading import MOST_FIELDS, one_reading
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request

FORM, JSON = "application/x-www-form-urlencoded", "application/x-amz-json-1.0"
LIST = b"Action=ListUsers&Version=2010-05-08"


def read(service: str, **request: object) -> Request:
    said = {"method": "POST", "path": "/"} | request
    return one_reading(Asked(service, Request(**said)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "content_type", "body", "action"),
    [
        ("", FORM, LIST, "ListUsers"),
        ("Action=CreateUser&UserName=x", "text/plain", LIST, "ListUsers"),
        ("Action=CreateUser&UserName=x", FORM, LIST, "ListUsers"),
        ("", FORM, b"Action=CreateUser&UserName=x&" + LIST, "ListUsers"),
        ("Action=ListUsers&Version=2010-05-08", "", b"", "ListUsers"),
    ],
)
def test_a_form_says_one_thing(query: str, content_type: str, body: bytes, action: str) -> None:
    headers = {"content-type": content_type, "x-amz-target": "x.CreateUser"}
    asked = Asked("iam", Request("POST", "/", query, headers, body))
    found = read("iam", query=query, headers=headers, body=body)
    pairs = parse_qsl(found.body.decode())
    assert (asked.operation, [value for name, value in pairs if name == "Action"]) == (action, [action])
    assert (found.query, found.headers) == ("", {"content-type": FORM})
    assert len(pairs) == len(dict(pairs))


def test_a_form_of_more_fields_than_moto_looks_through_is_refused() -> None:
    def form(fields: int) -> bytes:
        return LIST + b"".join(b"&Tags.member.%d.Key=k" % number for number in range(fields))

    read("iam", headers={"content-type": "text/plain"}, body=form(MOST_FIELDS - 2))
    with pytest.raises(Fault, match="at most 10000 fields"):
        read("iam", headers={"content-type": "text/plain"}, body=form(MOST_FIELDS))


@pytest.mark.parametrize("content_type", [FORM, f" {FORM}; charset=utf-8", "multipart/form-data; boundary=x", JSON])
def test_json_has_no_other_action(content_type: str) -> None:
    headers = {
        "x-amz-target": "DynamoDB_20120810.GetItem",
        "content-type": content_type,
        "x_amz_target": "x.DeleteTable",
    }
    found = read("dynamodb", query="Action=DeleteTable", headers=headers, body=b"{}")
    assert (found.query, found.headers["content-type"] in (JSON, "application/octet-stream")) == ("", True)
    assert [name for name in found.headers if "target" in name] == ["x-amz-target"]


def test_a_path_has_no_other_action() -> None:
    path = "/2013-04-01/hostedzone"
    headers = {"x-amz-target": "x.DeleteHostedZone", "content-type": FORM}
    found = read("route53", method="GET", path=path, query="maxitems=1&Action=DeleteHostedZone", headers=headers)
    assert (found.path, found.query) == (path, "maxitems=1")
    assert found.headers == {"content-type": "application/octet-stream"}
    plain = read("route53", method="GET", path=path, query="maxitems=%31", headers={})
    assert plain.query == "maxitems=%31"


@pytest.mark.parametrize(
    ("credential", "passed"),
    [("AKIA/20260101/us-east-1/iam/aws4_request", True), ("A/1/us-east-1/iam/aws4_request%0d%0aX: 1", False)],
)
def test_the_service_of_a_link_is_told(credential: str, passed: bool) -> None:
    found = read("iam", method="GET", query=f"{LIST.decode()}&X-Amz-Credential={credential}", headers={})
    assert (f"Credential={credential}," in found.headers.get("authorization", "")) is passed
    assert ("authorization" in found.headers) is passed
