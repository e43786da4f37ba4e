"""Objects through boto3: what is put is what is got, whatever the way."""

import hashlib
import http.client
import os
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from lambent.objects.uploads import AT_ONCE
from tests.unit.services_s3.plane import Plane


def test_what_is_put_is_got(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b c+ü.txt", Body=b"hello", Metadata={"x": "y"}, ContentType="text/plain")
    found = s3.get_object(Bucket=bucket, Key="a/b c+ü.txt")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"hello", "text/plain", {"x": "y"})
    assert found["ETag"] == f'"{hashlib.md5(b"hello", usedforsecurity=False).hexdigest()}"'
    head = s3.head_object(Bucket=bucket, Key="a/b c+ü.txt", ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["ChecksumCRC32"], head["ChecksumType"]) == (5, "NhCmhg==", "FULL_OBJECT")


@pytest.mark.parametrize("size", [0, 1, 1 << 15, (1 << 15) + 1, 9 << 20])
def test_bytes_of_any_size_stay_what_they_are(s3: Any, bucket: str, size: int) -> None:
    data = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="k", Body=data)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == data
    if size:
        part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=-1")
        assert (part["Body"].read(), part["ResponseMetadata"]["HTTPStatusCode"]) == (data[-1:], 206)


@pytest.mark.parametrize(
    "key", ["/", "a//b", "//", "a/", "?", "%", "a%2Fb", "ä", "\u2603", "a b", "+", ".", "../x", "&<>"]
)
def test_keys_are_any_text(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("host", ["s3.localhost:1", "s3.eu-west-1.amazonaws.com", "s3.amazonaws.com", "localhost:1"])
def test_a_bucket_is_named_by_its_host(plane: Plane, s3: Any, bucket: str, host: str) -> None:
    link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    query = urlsplit(link).query
    asked = http.client.HTTPConnection("127.0.0.1", plane.port)
    asked.request("PUT", f"/k?{query}", b"1", {"Host": f"{bucket}.{host}"})
    assert asked.getresponse().status == 200
    asked.close()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_what_is_not_there(s3: Any, bucket: str, refused: Any) -> None:
    assert refused(s3.get_object, Bucket=bucket, Key="nope") == ("NoSuchKey", 404)
    assert refused(s3.head_object, Bucket=bucket, Key="nope") == ("404", 404)
    assert refused(s3.get_object, Bucket="not-there", Key="nope") == ("NoSuchBucket", 404)
    s3.put_object(Bucket=bucket, Key="k", Body=b"12")
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=2-") == ("InvalidRange", 416)
    assert refused(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)


def test_conditions(s3: Any, bucket: str, refused: Any) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    failed = ("PreconditionFailed", 412)
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == failed
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"0"') == failed
    assert refused(s3.put_object, Bucket=bucket, Key="other", Body=b"2", IfMatch=etag) == ("NoSuchKey", 404)
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfMatch='"0"') == failed
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == ("304", 304)
    assert refused(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"0"') == failed
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_compared(s3: Any, bucket: str, refused: Any, name: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=name)
    right = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[f"Checksum{name}"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **{f"Checksum{name}": right})
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"other", **{f"Checksum{name}": right})[0] == "BadDigest"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"


def test_copies(s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1" * 50_000, Metadata={"x": "1"}, Tagging="t=1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/a", Metadata={"y": "2"}, MetadataDirective="REPLACE")
    assert s3.head_object(Bucket=bucket, Key="b")["Metadata"] == {"x": "1"}
    assert s3.head_object(Bucket=bucket, Key="c")["Metadata"] == {"y": "2"}
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"1" * 50_000
    itself = {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/b"}
    assert refused(s3.copy_object, **itself) == ("InvalidRequest", 400)


def test_versions(s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    assert refused(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)
    with pytest.raises(ClientError) as gone:
        s3.head_object(Bucket=bucket, Key="k")
    headers = gone.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"0"
    assert refused(s3.get_object, Bucket=bucket, Key="k", VersionId=marker["VersionId"]) == ("MethodNotAllowed", 405)
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["allow"]) == ("true", "DELETE")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [one["IsLatest"] for one in listed["Versions"]] == [False, False, False]
    assert listed["DeleteMarkers"][0]["IsLatest"]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"3")
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 3
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"3"


def test_multipart(s3: Any, bucket: str, refused: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", Metadata={"a": "b"})["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    bodies = [os.urandom(5 << 20), os.urandom(1_000)]
    tags = [s3.upload_part(**at, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(bodies, 1)]
    assert [(one["PartNumber"], one["Size"]) for one in s3.list_parts(**at)["Parts"]] == [(1, 5 << 20), (2, 1_000)]
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["k"]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    wrong = refused(s3.complete_multipart_upload, **at, MultipartUpload={"Parts": parts[::-1]})
    assert wrong == ("InvalidPartOrder", 400)
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    assert done["ETag"].endswith('-2"')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"".join(bodies)
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=2)["Body"].read() == bodies[1]
    assert (
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=5242870-5242890")["Body"].read()
        == (b"".join(bodies)[5242870:5242891])
    )
    assert refused(s3.list_parts, **at) == ("NoSuchUpload", 404)


def files(plane: Plane) -> set[str]:
    """Contents that lie in files."""
    return {path.name for path in plane.folder.rglob("*") if path.is_file() and path.stat().st_size == 100_001}


def test_uploads_under_way_go_with_their_bucket(plane: Plane, s3: Any, bucket: str) -> None:
    before = files(plane)
    for number in range(AT_ONCE + 1):
        begun = s3.create_multipart_upload(Bucket=bucket, Key=f"k{number}")["UploadId"]
    s3.upload_part(Bucket=bucket, Key=f"k{number}", UploadId=begun, PartNumber=1, Body=b"x" * 100_001)
    assert files(plane) != before
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert files(plane) == before


def test_parts_are_not_too_small(s3: Any, bucket: str, refused: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    tags = [s3.upload_part(**at, PartNumber=n, Body=b"1")["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    wrong = refused(s3.complete_multipart_upload, **at, MultipartUpload={"Parts": parts})
    assert wrong == ("EntityTooSmall", 400)
    s3.abort_multipart_upload(**at)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_part_may_be_a_range_of_an_object(s3: Any, bucket: str) -> None:
    data = os.urandom(6 << 20)
    s3.put_object(Bucket=bucket, Key="source", Body=data)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    source = {"CopySource": f"{bucket}/source", "CopySourceRange": f"bytes=1-{5 << 20}"}
    tag = s3.upload_part_copy(**at, PartNumber=1, **source)["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**at, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    s3.delete_object(Bucket=bucket, Key="source")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == data[1 : (5 << 20) + 1]


def test_transfers_of_boto3(s3: Any, bucket: str, tmp_path: Any) -> None:
    data = os.urandom(20 << 20)
    (tmp_path / "a").write_bytes(data)
    s3.upload_file(str(tmp_path / "a"), bucket, "k")
    s3.download_file(bucket, "k", str(tmp_path / "b"))
    assert (tmp_path / "b").read_bytes() == data


def test_pages_of_keys(s3: Any, bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "c/1", "d"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
    told = [
        [one["Key"] for one in page.get("Contents", [])] or [one["Prefix"] for one in page["CommonPrefixes"]]
        for page in pages
    ]
    assert told == [["a/"], ["b"], ["c/"], ["d"]]
    older = s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [one["Key"] for page in older for one in page["Contents"]] == ["a/1", "a/2", "b", "c/1", "d"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, StartAfter="b")["Contents"]] == ["c/1", "d"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="a/")["Contents"]] == ["a/1", "a/2"]


@pytest.mark.parametrize("query", ["max-keys=many", "list-type=2&max-keys=1.5"])
def test_numbers_that_are_none(plane: Plane, bucket: str, query: str) -> None:
    asked = http.client.HTTPConnection("127.0.0.1", plane.port)
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20261130/us-east-1/s3/aws4_request"}
    asked.request("GET", f"/{bucket}?{query}", headers=headers)
    answer = asked.getresponse()
    said = answer.read()
    asked.close()
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code><Message>Provided max-keys not an integer" in said


def test_many_go_at_once(s3: Any, bucket: str) -> None:
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "c"}]})
    assert [one["Key"] for one in done["Deleted"]] == ["a", "b", "c"]
    s3.delete_bucket(Bucket=bucket)
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize(
    "header",
    [
        *("x-amz-checksum-sha512", "x-amz-checksum-md5", "x-amz-checksum-xxhash64", "x-amz-object-lock-event-hold"),
        *("x-amz-object-lock-event-hold-duration-days", "x-amz-write-offset-bytes"),
    ],
)
def test_what_is_not_done_with_an_object_is_refused_by_name(s3: Any, bucket: str, refused: Any, header: str) -> None:
    def add(request: Any, **_: Any) -> None:
        request.headers[header] = "ON" if header.endswith("event-hold") else "1"

    s3.meta.events.register("before-sign.s3.PutObject", add)
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"1") == ("NotImplemented", 501)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_an_upload_has_the_size_that_its_completion_tells(s3: Any, bucket: str, refused: Any) -> None:
    which = {"Bucket": bucket, "Key": "k"}
    which["UploadId"] = s3.create_multipart_upload(**which)["UploadId"]
    tag = s3.upload_part(**which, PartNumber=1, Body=b"12345")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    complete = s3.complete_multipart_upload
    assert refused(complete, **which, MultipartUpload=parts, MpuObjectSize=4) == ("InvalidRequest", 400)
    complete(**which, MultipartUpload=parts, MpuObjectSize=5)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 5


def test_what_documents_ask_for_and_is_not_done_is_refused_by_name(s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    one: dict[str, Any] = {"Key": "k", "Size": 2}
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [one]}) == ("NotImplemented", 501)
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    assert refused(s3.get_object, Bucket=bucket, Key="k", **key) == ("NotImplemented", 501)
    source = {"Bucket": bucket, "Key": "k"}
    copied = {f"CopySource{name}": value for name, value in key.items()}
    assert refused(s3.copy_object, Bucket=bucket, Key="l", CopySource=source, **copied) == ("NotImplemented", 501)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]
