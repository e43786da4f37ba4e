"""Answers that Ceph's cases for S3 look at, and those of bodies whose length is not said."""

import http.client
import json
from typing import Any

import pytest

from tests.unit.services_s3.plane import Plane

OTHER = "111111111111"
PART = b"p" * (5 << 20)


def policy(bucket: str, action: str, resource: str, condition: dict[str, Any]) -> str:
    arn = f"arn:aws:s3:::{bucket}{resource}"
    one = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": arn, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


def opened(s3: Any, bucket: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": False})


def upload(s3: Any, bucket: str, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", **asked)
    which = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    parts = []
    for number, body in enumerate((PART, b"end"), 1):
        said = s3.upload_part(**which, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": said["ETag"], "ChecksumSHA256": said["ChecksumSHA256"]})
    return which, parts


def test_a_completed_upload_may_be_completed_again(s3: Any, bucket: str, refused: Any) -> None:
    which, parts = upload(s3, bucket, ChecksumAlgorithm="SHA256")
    first = s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    again = s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    assert again["ETag"] == first["ETag"]
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1
    other = s3.complete_multipart_upload
    assert refused(other, **which, MultipartUpload={"Parts": parts[:1]}) == ("NoSuchUpload", 404)
    s3.put_object(Bucket=bucket, Key="k", Body=b"another")
    assert refused(other, **which, MultipartUpload={"Parts": parts}) == ("NoSuchUpload", 404)


def test_a_part_is_told_with_its_own_checksum(s3: Any, bucket: str) -> None:
    which, parts = upload(s3, bucket, ChecksumAlgorithm="SHA256")
    s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=2, ChecksumMode="ENABLED")
    assert found["Body"].read() == b"end"
    assert (found["ChecksumSHA256"], found["ChecksumType"]) == (parts[1]["ChecksumSHA256"], "COMPOSITE")


def test_uploads_tell_who_began_them(s3: Any, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    (one,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert one["Initiator"]["ID"] == one["Owner"]["ID"]


def test_a_write_tells_no_version_while_versioning_is_suspended(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == "null"


def test_a_policy_may_ask_for_the_tags_that_are_there(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    for key, tag in (("shown", "public"), ("hidden", "private")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1", Tagging=f"Security={tag}")
    opened(s3, bucket)
    asked = {"StringEquals": {"s3:ExistingObjectTag/Security": "public"}}
    assert (
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "s3:GetObject", "/*", asked))["ResponseMetadata"][
            "HTTPStatusCode"
        ]
        == 204
    )
    other = plane.client(OTHER)
    assert other.get_object(Bucket=bucket, Key="shown")["Body"].read() == b"1"
    assert refused(other.get_object, Bucket=bucket, Key="hidden") == ("AccessDenied", 403)
    assert refused(other.get_object, Bucket=bucket, Key="nowhere") == ("AccessDenied", 403)
    for action, change in (("PutObject", other.put_object), ("DeleteObject", other.delete_object)):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, f"s3:{action}", "/*", asked))
        assert refused(change, Bucket=bucket, Key="shown") == ("AccessDenied", 403)


def test_who_may_list_a_prefix_is_told_what_is_missing_there(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    opened(s3, bucket)
    listing = json.loads(policy(bucket, "s3:ListBucket", "", {"StringLike": {"s3:prefix": "public/*"}}))
    reading = json.loads(policy(bucket, "s3:GetObject", "/*", {"Bool": {"aws:SecureTransport": "true"}}))
    listing["Statement"] += reading["Statement"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(listing))
    other = plane.client(OTHER)
    assert refused(other.get_object, Bucket=bucket, Key="public/k")[0] == "NoSuchKey"
    assert refused(other.get_object, Bucket=bucket, Key="private/k")[0] == "AccessDenied"


def test_a_read_does_not_say_how_to_encrypt(plane: Plane, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    status, body = sent(plane, "GET", f"/{bucket}/k", {"x-amz-server-side-encryption": "aws:kms"})
    assert (status, b"<Code>InvalidArgument</Code>" in body) == (400, True)


@pytest.mark.parametrize("said", ["-1", "x", "1e3"])
def test_a_decoded_length_is_a_number(plane: Plane, bucket: str, said: str) -> None:
    headers = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": said}
    assert sent(plane, "PUT", f"/{bucket}/k", headers, b"0\r\n\r\n")[0] == 400


def test_a_body_in_chunks_has_to_say_its_length(plane: Plane, bucket: str) -> None:
    status, body = sent(plane, "PUT", f"/{bucket}/k", {"transfer-encoding": "chunked"}, b"1\r\na\r\n0\r\n\r\n")
    assert (status, b"<Header>Transfer-Encoding</Header>" in body) == (501, True)


def sent(plane: Plane, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """A request of the bucket's owner, as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", plane.port, timeout=5)
    scope = "000000000000/20260101/us-east-1/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    connection.putrequest(method, path)
    for name, value in {"authorization": signed, "x-amz-date": "20260101T000000Z", **headers}.items():
        connection.putheader(name, value)
    if "transfer-encoding" not in headers:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found
