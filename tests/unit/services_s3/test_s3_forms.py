"""Objects that come by forms of web pages (POST Object)."""

import base64
import http.client
import re
from typing import Any

import orjson
import pytest

from lambent.engine import post_policy
from lambent.gateway import post_forms
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from tests.unit.services_s3.plane import Plane
from tests.unit.waiting import until_a_thread

BOUNDARY = "--------xyz"
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(fields: dict[str, str], file: bytes, name: str = "a b.txt") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode()
    submit = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="submit"\r\n\r\nUpload\r\n--{BOUNDARY}--\r\n'
    return b"".join(parts) + head + b"Content-Type: text/plain\r\n\r\n" + file + submit.encode()


def post(plane: Plane, bucket: str, fields: dict[str, str], file: bytes = b"hello") -> http.client.HTTPResponse:
    asked = http.client.HTTPConnection("127.0.0.1", plane.port)
    asked.request("POST", f"/{bucket}", form(fields, file), TYPE)
    answer = asked.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    asked.close()
    return answer


def code_of(answer: Any) -> tuple[int, str]:
    found = re.search(rb"<Code>(.*?)</Code>.*<Message>(.*?)</Message>", answer.body, re.DOTALL)
    return answer.status, f"{found[1].decode()}: {found[2].decode()}" if found else ""


@pytest.fixture
def signed(plane: Plane, s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The fields of a form that boto3 signs."""
    later = "2099-01-01T00:00:00Z"

    def signed(key: str, fields: Any = None, conditions: Any = None, expires: str = later) -> dict[str, str]:
        made = s3.generate_presigned_post(bucket, key, fields, conditions)
        said = orjson.loads(base64.b64decode(made["fields"]["policy"]))
        said["expiration"] = expires
        return {**made["fields"], "policy": base64.b64encode(orjson.dumps(said)).decode()}

    return signed


def test_a_form_uploads_an_object(plane: Plane, s3: Any, bucket: str, signed: Any) -> None:
    plane.sent.clear()
    rule = {"LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    more = {"Content-Type": "text/x", "x-amz-meta-a": "b", "success_action_status": "201"}
    fields = signed("up/${filename}", more, [*({name: value} for name, value in more.items())])
    answer = post(plane, bucket, fields)
    assert answer.status == 201, code_of(answer)
    assert b"<Key>up/a b.txt</Key>" in answer.body  # type: ignore[attr-defined]
    found = s3.get_object(Bucket=bucket, Key="up/a b.txt")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"hello", "text/x", {"a": "b"})
    assert found["ETag"] == answer.headers["ETag"]
    until_a_thread(lambda: plane.sent)
    [record] = orjson.loads(plane.sent[0].body)["Records"]
    assert (record["eventName"], record["userIdentity"]["principalId"]) == ("ObjectCreated:Post", "AWS:000000000000")


def test_large_files_are_read_from_a_file(plane: Plane, s3: Any, bucket: str, signed: Any) -> None:
    data = bytes(range(251)) * 40_000 + b"\r\n--" + BOUNDARY[:-1].encode()
    answer = post(plane, bucket, signed("k"), data)
    assert (answer.status, answer.headers["ETag"] is not None) == (204, True), code_of(answer)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == data


def test_the_form_says_where_to_go_on(plane: Plane, bucket: str, signed: Any) -> None:
    said = {"success_action_redirect": "https://a.example/done?x=1"}
    answer = post(plane, bucket, signed("k", said, [said]))
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"https://a.example/done?x=1&bucket={bucket}&key=k&etag=%22")
    odd = {"success_action_redirect": "javascript:x", "success_action_status": "200"}
    assert post(plane, bucket, signed("k", odd, [odd])).status in (200, 204, 403)


def test_what_the_policy_does_not_allow(plane: Plane, s3: Any, bucket: str, signed: Any) -> None:
    wrong = "AccessDenied: Invalid according to Policy: "
    extra = {**signed("k"), "x-amz-meta-a": "b"}
    assert code_of(post(plane, bucket, extra)) == (403, f"{wrong}Extra input fields: x-amz-meta-a")
    assert code_of(post(plane, bucket, {**signed("k"), "key": "other"}))[1].startswith(
        f"{wrong}Policy Condition failed"
    )
    old = signed("k", expires="1970-01-01T00:00:00Z")
    assert code_of(post(plane, bucket, old)) == (403, f"{wrong}Policy expired.")
    small = signed("k", None, [["content-length-range", 10, 20]])
    assert code_of(post(plane, bucket, small))[1].startswith("EntityTooSmall")
    assert code_of(post(plane, bucket, small, b"1" * 21))[1].startswith("EntityTooLarge")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert post(plane, bucket, small, b"1" * 20).status == 204


def test_nobody_uploads_without_a_signature(plane: Plane, bucket: str) -> None:
    assert code_of(post(plane, bucket, {"key": "k"}))[1].startswith("AccessDenied")
    assert code_of(post(plane, bucket, {"x": "k"}))[1].startswith("InvalidArgument: Bucket POST must contain a field")


@pytest.mark.parametrize("body", [b"", b"nonsense", form({"key": "k"}, b"1")[:-110], b"--" + BOUNDARY.encode()])
def test_what_is_no_form_is_the_callers_fault(body: bytes) -> None:
    asked = Request("POST", "/b", "", {"content-type": TYPE["Content-Type"]}, body)
    with pytest.raises(Fault) as caught:
        post_forms.receive(asked, lambda _key: None)
    assert caught.value.status == 400


def test_the_signature_is_compared_where_the_secret_is_known(signed: Any) -> None:
    fields = signed("k")  # with another expiration than was signed
    asked = Request("POST", "/b", "", {"content-type": TYPE["Content-Type"]}, form(fields, b"1"))
    with pytest.raises(Fault, match="SignatureDoesNotMatch"):
        post_forms.receive(asked, lambda _key: "secret")


def test_who_names_a_key_brings_a_signature(signed: Any) -> None:
    for fields in ({**signed("k"), "signature": ""}, {"key": "k", "awsaccesskeyid": "a", "policy": "e30="}):
        asked = Request("POST", "/b", "", {"content-type": TYPE["Content-Type"]}, form(fields, b"1"))
        with pytest.raises(Fault) as caught:
            post_forms.receive(asked, lambda _key: "secret")
        assert (caught.value.code, caught.value.status) == ("InvalidArgument", 400)
        assert "signature" in str(caught.value.members["ArgumentName"])


def test_no_field_makes_lines_of_headers(plane: Plane, s3: Any, bucket: str, signed: Any) -> None:
    split = {"Content-Type": "a\r\nSet-Cookie: b"}
    assert code_of(post(plane, bucket, signed("k", split, [split])))[1].startswith("InvalidArgument")
    named = {"x-amz-meta-a": "\u00fc"}
    assert post(plane, bucket, signed("k", named, [named])).status == 204
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"] == "=?UTF-8?B?w7w=?="


def decide(conditions: Any, fields: Any, expiration: str = "2030-01-01T00:00:00.000Z") -> Any:
    document = orjson.dumps({"expiration": expiration, "conditions": conditions})
    return post_policy.decide(document, fields, "b", 0.0)


@pytest.mark.parametrize(
    ("conditions", "fields", "fits"),
    [
        ([{"bucket": "b"}, ["starts-with", "$key", "u/"]], {"key": "u/1"}, True),
        ([{"bucket": "other"}, ["starts-with", "$key", ""]], {"key": "u/1"}, False),
        ([["eq", "$Key", "u/1"]], {"key": "u/1"}, True),
        ([{"key": "k"}], {"key": "k", "x-ignore-me": "1", "signature": "s"}, True),
        ([{"key": "k"}, {"acl": "private"}], {"key": "k"}, False),
    ],
)
def test_conditions_of_policies(conditions: Any, fields: Any, fits: bool) -> None:
    assert (decide(conditions, fields) is None) is fits


@pytest.mark.parametrize(
    "conditions", [None, [["odd", "$key", "k"]], [[]], [1], [{}], [["content-length-range", "x", 2]]]
)
def test_policies_that_are_none(conditions: Any) -> None:
    assert decide(conditions, {"key": "k"}).invalid
    for expiration in ("soon", "2030-01-01", "2030-01-01 00:00:00+00:00"):
        assert decide([], {}, expiration).invalid


def test_a_boundary_that_a_body_nearly_has_is_not_looked_for() -> None:
    headers = {"content-type": f"multipart/form-data; boundary={'a' * 70_000}"}
    with pytest.raises(Fault) as caught:
        post_forms.receive(Request("POST", "/bucket", "", headers, b"a" * 20_000_000), lambda _key: None)
    assert caught.value.code == "MalformedPOSTRequest"
