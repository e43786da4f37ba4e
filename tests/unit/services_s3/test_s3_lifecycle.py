"""Lifecycle rules through boto3, on a clock that is moved: a platform of their own, since links expire by it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.unit.services_s3.plane import Plane, serving
from tests.unit.waiting import until_a_thread

DAY = 86_400.0
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    with serving(Path(tmp_path_factory.mktemp("s3-lifecycle"))) as found:
        yield found


def put(s3: Any, bucket: str, *rules: Any) -> None:
    named = [{"Status": "Enabled", "Filter": {}, **rule} for rule in rules]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})


def keys(s3: Any, bucket: str) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def days(plane: Plane, count: int) -> None:
    plane.run(plane.clock.advance(count * DAY))


def test_objects_expire(plane: Plane, s3: Any, bucket: str) -> None:
    plane.sent.clear()
    events = [{"QueueArn": QUEUE, "Events": ["s3:LifecycleExpiration:*"]}]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": events})
    tagged = {"Filter": {"Tag": {"Key": "t", "Value": "1"}}, "Expiration": {"Days": 1}, "ID": "tagged"}
    put(s3, bucket, {"ID": "logs", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}, tagged)
    s3.put_object(Bucket=bucket, Key="logs/1", Body=b"1")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"1", Tagging="t=2")
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"1", Tagging="t=1")
    days(plane, 2)
    assert keys(s3, bucket) == ["kept", "logs/1"]
    s3.put_object(Bucket=bucket, Key="logs/2", Body=b"1")
    days(plane, 2)
    assert keys(s3, bucket) == ["kept", "logs/2"]
    until_a_thread(lambda: len(plane.sent) >= 3)
    records = [orjson.loads(one.body)["Records"][0] for one in plane.sent if b"Records" in one.body]
    assert [one["eventName"] for one in records] == ["LifecycleExpiration:Delete"] * 2
    s3.delete_bucket_lifecycle(Bucket=bucket)
    days(plane, 10)
    assert keys(s3, bucket) == ["kept", "logs/2"]


def test_versions_markers_and_uploads_expire(plane: Plane, s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = {"NoncurrentVersionExpiration": {"NoncurrentDays": 2}, "Expiration": {"Days": 1}}
    put(s3, bucket, {**old, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.create_multipart_upload(Bucket=bucket, Key="u")
    days(plane, 2)
    found = s3.list_object_versions(Bucket=bucket)
    assert (len(found["Versions"]), len(found["DeleteMarkers"])) == (1, 1)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    days(plane, 5)
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)
    days(plane, 2)
    s3.delete_bucket(Bucket=bucket)


def test_rules_are_told_as_they_were_put(s3: Any, bucket: str, refused: Any) -> None:
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == ("NoSuchLifecycleConfiguration", 404)
    date = datetime(2040, 1, 1, tzinfo=UTC)
    put(s3, bucket, {"ID": "d", "Filter": {"Prefix": "x"}, "Expiration": {"Date": date}}, {"Expiration": {"Days": 4}})
    said = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert said["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    first, second = said["Rules"]
    assert (first["Expiration"], first["Filter"], first["ID"]) == ({"Date": date}, {"Prefix": "x"}, "d")
    assert (second["Expiration"], bool(second["ID"])) == ({"Days": 4}, True)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({}, "InvalidRequest"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
        ({"Expiration": {"Date": datetime(2040, 1, 1, 5, tzinfo=UTC)}}, "InvalidArgument"),
        ({"Transitions": [{"Days": 1}]}, "MalformedXML"),
        ({"NoncurrentVersionTransitions": [{"StorageClass": "GLACIER"}]}, "MalformedXML"),
        ({"Prefix": "a/", "Expiration": {"Days": 1}}, "MalformedXML"),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": -1}}, "InvalidArgument"),
        (
            {
                "Filter": {"Tag": {"Key": "a", "Value": "b"}},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            "InvalidRequest",
        ),
    ],
)
def test_rules_that_are_none(s3: Any, bucket: str, refused: Callable[..., Any], rule: Any, code: str) -> None:
    named = {"Rules": [{"Status": "Enabled", "Filter": {}, **rule}]}
    said = refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=named)
    assert said[0] == code


def test_transitions_are_stored_and_said_to_have_no_effect(s3: Any, bucket: str, plane: Plane) -> None:
    date = datetime(2040, 1, 1, tzinfo=UTC)
    moved = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Date": date, "StorageClass": "GLACIER"}]
    put(s3, bucket, {"ID": "t", "Filter": {}, "Transitions": moved})
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Transitions"] == moved
    assert ("s3-lifecycle-transition", f"arn:aws:s3:::{bucket}") in [
        (one.code, one.resource) for one in plane.findings.all()
    ]


def test_what_has_no_effect_is_refused(s3: Any, bucket: str, refused: Callable[..., Any]) -> None:
    assert refused(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus={})[1] == 501
    fast = {"Status": "Enabled"}
    assert refused(s3.put_bucket_accelerate_configuration, Bucket=bucket, AccelerateConfiguration=fast)[1] == 501
    rule = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::x"}, "Prefix": ""}
    copies = {"Role": "arn:aws:iam::000000000000:role/r", "Rules": [rule]}
    assert refused(s3.put_bucket_replication, Bucket=bucket, ReplicationConfiguration=copies)[1] == 501
