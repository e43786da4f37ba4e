"""What is told of objects and buckets beside their bytes: attributes, retention, encryption, rules of CORS."""

import http.client
import urllib.request
import zlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.unit.services_s3.plane import Plane

ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_attributes_are_those_that_are_asked_for(s3: Any, bucket: str, refused: Any) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA1")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert (found["ETag"], found["ObjectSize"], found["StorageClass"]) == (put["ETag"].strip('"'), 5, "STANDARD")
    assert found["Checksum"] == {"ChecksumSHA1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "ChecksumType": "FULL_OBJECT"}
    assert "ObjectParts" not in found
    one = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert one.keys() - {"ResponseMetadata", "LastModified"} == {"ObjectSize"}
    asked = {"Bucket": bucket, "Key": "nope", "ObjectAttributes": ALL}
    assert refused(s3.get_object_attributes, **asked) == ("NoSuchKey", 404)


def test_attributes_tell_parts_by_page(s3: Any, bucket: str) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    asked = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    parts = []
    for number, body in ((1, b"1" * (5 << 20)), (2, b"2")):
        put = s3.upload_part(**asked, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": put["ETag"], "ChecksumSHA256": put["ChecksumSHA256"]})
    s3.complete_multipart_upload(**asked, MultipartUpload={"Parts": parts})
    wanted = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts"]}
    first = s3.get_object_attributes(**wanted, MaxParts=1)["ObjectParts"]
    assert (first["TotalPartsCount"], first["IsTruncated"], first["NextPartNumberMarker"]) == (2, True, 1)
    assert first["Parts"] == [
        {"PartNumber": 1, "Size": 5 << 20, "ChecksumSHA256": parts[0]["ChecksumSHA256"]},
    ]
    last = s3.get_object_attributes(**wanted, PartNumberMarker=1)["ObjectParts"]
    assert [(one["PartNumber"], one["Size"]) for one in last["Parts"]] == [(2, 1)]
    assert not last["IsTruncated"]
    whole = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"]
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])["Checksum"]
    assert whole == told["ChecksumSHA256"] + "-2", "the number of parts is told as ObjectParts"


def test_numbers_ids_and_grants_that_are_none(s3: Any, bucket: str) -> None:
    def text(call: Any, **asked: Any) -> str:
        with pytest.raises(s3.exceptions.ClientError) as caught:
            call(Bucket=bucket, **asked)
        return str(caught.value.response["Error"]["Message"])

    upload = {"Key": "k", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]}
    must = "Argument {} must be an integer between 0 and 2147483647".format
    assert text(s3.list_parts, **upload, MaxParts=-1) == must("max-parts")
    assert text(s3.list_parts, **upload, PartNumberMarker=1 << 31) == must("part-number-marker")
    assert text(s3.list_objects_v2, MaxKeys=-1) == must("maxKeys")
    assert text(s3.list_multipart_uploads, MaxUploads=-1) == must("max-uploads")
    assert text(s3.get_object, Key="k", VersionId="short") == "Invalid version id specified"
    assert text(s3.get_object, Key="k", VersionId="v" * 32) == "The specified version does not exist."
    both = {"ACL": "bucket-owner-full-control", "GrantFullControl": 'id="1"'}
    assert text(s3.put_object, Key="k", **both) == "Specifying both Canned ACLs and Header Grants is not allowed"


def test_uploads_are_listed_with_their_checksum(s3: Any, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE")
    s3.create_multipart_upload(Bucket=bucket, Key="b")
    first, second = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (first["ChecksumAlgorithm"], first["ChecksumType"]) == ("SHA256", "COMPOSITE")
    assert "ChecksumAlgorithm" not in second


def test_encryption_tells_whether_there_is_a_key_of_the_bucket(s3: Any, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert told == {"Rules": [{**rule, "BucketKeyEnabled": False}]}


def test_an_empty_body_is_no_document(s3: Any, bucket: str, refused: Any) -> None:
    s3.create_bucket(Bucket=f"{bucket}-locked", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=f"{bucket}-locked", Key="k", Body=b"")
    empty = ("MissingRequestBodyError", 400)
    assert refused(s3.put_object_lock_configuration, Bucket=f"{bucket}-locked") == empty
    assert refused(s3.put_object_legal_hold, Bucket=f"{bucket}-locked", Key="k") == empty
    s3.delete_object_tagging(Bucket=f"{bucket}-locked", Key="k")


def test_tags_of_the_system_are_refused_in_two_wordings(s3: Any, bucket: str) -> None:
    put = s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(s3.exceptions.ClientError, match="Your TagKey cannot be prefixed with aws:"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="aws:a=1")
    with pytest.raises(s3.exceptions.ClientError, match="System tags cannot be added/updated by requester"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "aws:a", "Value": "1"}]})


def test_retention_is_made_longer_and_shorter_only_by_who_may_bypass_it(plane: Plane, s3: Any, refused: Any) -> None:
    bucket = "retention"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    now = datetime.fromtimestamp(int(plane.clock.wall()), UTC)
    at = {"Bucket": bucket, "Key": "k"}

    def until(mode: str, days: int) -> dict[str, Any]:
        return {**at, "Retention": {"Mode": mode, "RetainUntilDate": now + timedelta(days=days)}}

    assert refused(s3.get_object_retention, **at) == ("NoSuchObjectLockConfiguration", 404)
    assert refused(s3.put_object_retention, **until("GOVERNANCE", -1)) == ("InvalidArgument", 400)
    s3.put_object_retention(**until("GOVERNANCE", 2))
    s3.put_object_retention(**until("GOVERNANCE", 3))
    assert refused(s3.put_object_retention, **until("GOVERNANCE", 1)) == ("AccessDenied", 403)
    s3.put_object_retention(**until("GOVERNANCE", 1), BypassGovernanceRetention=True)
    said = s3.get_object_retention(**at)["Retention"]
    assert said == {"Mode": "GOVERNANCE", "RetainUntilDate": now + timedelta(days=1)}
    s3.put_object_retention(**until("COMPLIANCE", 5), BypassGovernanceRetention=True)
    shorter = until("COMPLIANCE", 4)
    assert refused(s3.put_object_retention, **shorter, BypassGovernanceRetention=True) == ("AccessDenied", 403)


def test_retention_needs_a_bucket_that_locks(s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refused(s3.get_object_retention, Bucket=bucket, Key="k") == ("InvalidRequest", 400)
    asked = {"Bucket": bucket, "Key": "k", "LegalHold": {"Status": "ON"}}
    assert refused(s3.put_object_legal_hold, **asked) == ("InvalidRequest", 400)


def test_new_objects_tell_the_encryption_of_their_bucket(s3: Any, bucket: str) -> None:
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"")["ServerSideEncryption"] == "AES256"
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/k"}
    rule = {"ApplyServerSideEncryptionByDefault": by_key, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == ("aws:kms", "alias/k", True)
    asked = s3.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"")["ServerSideEncryption"] == "AES256"


def test_rules_of_cors_are_kept(s3: Any, bucket: str) -> None:
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"], "MaxAgeSeconds": 5}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
    s3.delete_bucket_cors(Bucket=bucket)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AllowedMethods": ["PATCH"]}, "InvalidRequest"),
        ({"AllowedOrigins": ["https://*.a.*"]}, "InvalidRequest"),
    ],
)
def test_rules_of_cors_are_checked(s3: Any, bucket: str, refused: Any, changed: Any, code: str) -> None:
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], **changed}
    asked = {"Bucket": bucket, "CORSConfiguration": {"CORSRules": [rule]}}
    assert refused(s3.put_bucket_cors, **asked) == (code, 400)
    assert refused(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)


CHUNKED = {
    "Content-Encoding": "aws-chunked",
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-trailer": "x-amz-checksum-crc32",
}


def put_in_chunks(plane: Plane, s3: Any, bucket: str, data: bytes, checksum: str) -> int:
    """The body in chunks of 1 MB, with its checksum behind it."""
    chunks = [data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20)]
    coded = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks)
    coded += b"0\r\nx-amz-checksum-crc32:%b\r\n\r\n" % checksum.encode()
    link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    asked = http.client.HTTPConnection("127.0.0.1", plane.port)
    headers = {**CHUNKED, "x-amz-decoded-content-length": str(len(data))}
    asked.request("PUT", link.removeprefix(plane.endpoint), coded, headers)
    status = asked.getresponse().status
    asked.close()
    return status


def test_what_a_link_says_in_its_query_are_headers_but_for_checksums(plane: Plane, s3: Any, bucket: str) -> None:
    """As SDKs for JavaScript, Ruby and Go make links; the checksum is that of no body."""
    said = {
        "x-amz-meta-who": "me",
        "x-amz-tagging": "a=1",
        "x-amz-checksum-crc32": "AAAAAA==",
        "x-amz-sdk-checksum-algorithm": "CRC32",
    }
    asked = AWSRequest("PUT", f"{plane.endpoint}/{bucket}/k?{urlencode(said)}")
    S3SigV4QueryAuth(Credentials("000000000000", "secret"), "s3", "us-east-1").add_auth(asked)
    old = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "old", "Metadata": {"who": "me"}})
    for link in (asked.url, old):
        with urllib.request.urlopen(urllib.request.Request(link, b"1", method="PUT"), timeout=5) as answer:
            assert answer.status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"who": "me"}
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert s3.head_object(Bucket=bucket, Key="old")["Metadata"] == {"who": "me"}


@pytest.mark.parametrize("size", [10, 9 << 20])
def test_bodies_in_chunks_with_a_trailer(plane: Plane, s3: Any, bucket: str, size: int) -> None:
    """The larger one is spooled, and read in its coding from the file."""
    data = bytes(range(250)) * (size // 250 + 1)
    right = b64encode(zlib.crc32(data).to_bytes(4)).decode()
    assert put_in_chunks(plane, s3, bucket, data, "AAAAAA==") == 400
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert put_in_chunks(plane, s3, bucket, data, right) == 200
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (found["Body"].read() == data, found["ChecksumCRC32"]) == (True, right)
    assert "aws-chunked" not in found.get("ContentEncoding", "")
