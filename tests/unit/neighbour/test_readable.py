"""What can't be read as the model says reaches nobody who would read it in another way."""

import pytest

from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Request


def asked(service: str, target: str, body: bytes, path: str = "/") -> Asked:
    headers = {"content-type": "application/x-amz-json-1.0", **({"x-amz-target": target} if target else {})}
    return Asked(service, Request("POST", path, "", headers, body))


SCAN = "DynamoDB_20120810.Scan"


@pytest.mark.parametrize(
    "body",
    [
        b'{"TableName": "secret", "x": NaN}',
        b'{"TableName": "secret", "x": "\\ud800"}',
        b'{"TableName": "secret", "Limit": "x"}',
        b'{"TableName": "secret", "ConsistentRead": "true"}',
        b'\xef\xbb\xbf{"TableName": "secret"}',
        '{"TableName": "secret"}'.encode("utf-16"),
        b'{"TableName": ["secret"]}',
        b'{"TableName": "secret"',
        b"[]",
        b'"x"',
        b"\xff",
        b"[" * 5_000 + b"]" * 5_000,
        b'{"TableName": "secret", "x": ' + b'{"a":' * 600 + b"1" + b"}" * 601,
    ],
)
def test_unreadable_documents_are_refused_as_aws_does(body: bytes) -> None:
    with pytest.raises(Fault) as refused:
        asked("dynamodb", SCAN, body).check()
    assert (refused.value.code, refused.value.status) == ("SerializationException", 400)


def test_a_rest_service_is_no_exception() -> None:
    with pytest.raises(Fault) as refused:
        asked("batch", "", b'{"jobs": "all"}', "/v1/describejobs").check()
    assert refused.value.code == "SerializationException"


@pytest.mark.parametrize(
    ("service", "target", "body"),
    [
        ("dynamodb", SCAN, b'{"TableName": "t", "unknown": [1, {"a": null}]}'),
        ("dynamodb", SCAN, b'{"TableName": "t", "x": [' + b"{}," * 600 + b"[]]}"),  # many, not deep
        ("dynamodb", "DynamoDB_20120810.ListTables", b""),
        ("ec2", "", b"Action=DescribeInstances&Version=2016-11-15&MaxResults=x"),
        ("no-such-service", "", b"\xff"),
        ("dynamodb", "DynamoDB_20120810.NoSuchOperation", b"\xff"),
    ],
)
def test_the_rest_is_passed_on(service: str, target: str, body: bytes) -> None:
    asked(service, target, body).check()


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("InstanceId.1=i-1&InstanceId.2=i-2", ["i-1", "i-2"]),
        ("InstanceId=i-1&InstanceId.1=i-2", ["i-1", "i-2"]),
        ("InstanceId.1=i-2&InstanceId=i-1", ["i-2", "i-1"]),
    ],
)
def test_what_a_form_of_ec2_numbers_is_a_list(form: str, named: list[str]) -> None:
    body = f"Action=TerminateInstances&Version=2016-11-15&{form}".encode()
    asked = Asked("ec2", Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, body))
    assert sorted(asked.params["InstanceId"]) == sorted(named)
