"""What a changed object sends, and what is refused as its destination."""

import http.client
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

from lambent.model.finding import Finding
from tests.unit.services_s3.plane import Plane
from tests.unit.waiting import until_a_thread

QUEUE, OTHER = "arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:sqs:us-east-1:000000000000:other"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.fixture
def sent(plane: Plane) -> Any:
    """What was sent by now, when there are so many."""
    plane.sent.clear()

    def wait(count: int) -> list[Any]:
        until_a_thread(lambda: len(plane.sent) >= count)
        return list(plane.sent)

    return wait


def configure(s3: Any, bucket: str, **configuration: Any) -> None:
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def rule(arn: str, *events: str, prefix: str = "", suffix: str = "") -> dict[str, Any]:
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    member = "LambdaFunctionArn" if ":lambda:" in arn else "QueueArn"
    return {member: arn, "Events": list(events), **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})}


def test_a_queue_gets_a_test_event_and_what_its_rule_says(s3: Any, bucket: str, sent: Any) -> None:
    configure(s3, bucket, QueueConfigurations=[rule(QUEUE, "s3:ObjectCreated:*", prefix="in/", suffix=".txt")])
    s3.put_object(Bucket=bucket, Key="out/a.txt", Body=b"")
    s3.put_object(Bucket=bucket, Key="in/a b+ü.txt", Body=b"hello")
    test, created = (orjson.loads(one.body) for one in sent(2))
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", bucket)
    [record] = created["Records"]
    assert (record["eventName"], record["eventVersion"]) == ("ObjectCreated:Put", "2.1")
    assert record["s3"]["object"]["key"] == "in/a+b%2B%C3%BC.txt"
    assert record["s3"]["object"]["size"] == 5
    s3.put_object(Bucket=bucket, Key="in/last.txt", Body=b"")
    [last] = orjson.loads(sent(3)[2].body)["Records"]
    assert last["s3"]["object"]["key"] == "in/last.txt"  # nothing was sent for the other


def test_all_kinds_of_events(s3: Any, bucket: str, sent: Any) -> None:
    events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
    configure(s3, bucket, LambdaFunctionConfigurations=[rule(FUNCTION, *events)])
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket=bucket, Key="c")
    records = [orjson.loads(one.body)["Records"][0] for one in sent(6)]
    assert [one["eventName"] for one in records] == [
        *("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectTagging:Put", "ObjectTagging:Delete"),
        *("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"),
    ]
    sequence = [one["s3"]["object"]["sequencer"] for one in records]
    assert sequence == sorted(set(sequence))


def test_eventbridge_gets_events_of_its_own_form(s3: Any, bucket: str, sent: Any) -> None:
    configure(s3, bucket, EventBridgeConfiguration={})
    s3.put_object(Bucket=bucket, Key="a b", Body=b"1")
    [one] = sent(1)
    assert (one.detail_type, one.source, one.target[-17:]) == ("Object Created", "aws.s3", "event-bus/default")
    detail = orjson.loads(one.body)
    assert (detail["object"]["key"], detail["reason"], detail["bucket"]["name"]) == ("a b", "PutObject", bucket)


def test_what_is_not_there_is_no_destination(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    plane.missing[OTHER] = "The destination queue does not exist"
    asked = {"QueueConfigurations": [rule(OTHER, "s3:ObjectCreated:*")]}
    call = {"Bucket": bucket, "NotificationConfiguration": asked}
    assert refused(s3.put_bucket_notification_configuration, **call) == ("InvalidArgument", 400)
    assert not said(plane, bucket)
    s3.put_bucket_notification_configuration(**call, SkipDestinationValidation=True)
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]["QueueArn"] == OTHER


def said(plane: Plane, bucket: str) -> list[Finding]:
    """What the ledger has of a bucket."""
    return [one for one in plane.findings.all() if one.resource == f"arn:aws:s3:::{bucket}"]


@pytest.mark.parametrize("arn", [OTHER, "arn:aws:sqs:us-east-1:222222222222:q"])
def test_what_is_not_validated_is_said(plane: Plane, s3: Any, bucket: str, arn: str) -> None:
    plane.missing[arn] = "Permissions on the destination queue do not allow S3 to publish notifications"
    asked = {"QueueConfigurations": [rule(arn, "s3:ObjectCreated:*")]}
    call = {"Bucket": bucket, "NotificationConfiguration": asked, "SkipDestinationValidation": True}
    s3.put_bucket_notification_configuration(**call)
    [finding] = said(plane, bucket)
    assert finding.code == "notification-unreachable" and arn in finding.message
    plane.missing.clear()
    s3.put_bucket_notification_configuration(**call)
    assert not said(plane, bucket)


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ({"prefix": "a/"}, {"prefix": "b/"}, True),
        ({"prefix": "a"}, {"prefix": "ab"}, False),
        ({"prefix": "a", "suffix": ".x"}, {"prefix": "ab", "suffix": ".y"}, True),
        ({"suffix": ".x"}, {"suffix": "a.x"}, False),
        ({}, {}, False),
    ],
)
def test_rules_do_not_overlap(s3: Any, bucket: str, refused: Any, one: Any, other: Any, fits: bool) -> None:
    rules = [rule(QUEUE, "s3:ObjectCreated:*", **one), rule(OTHER, "s3:ObjectCreated:Put", **other)]
    call = {
        "Bucket": bucket,
        "NotificationConfiguration": {"QueueConfigurations": rules},
        "SkipDestinationValidation": True,
    }
    if fits:
        s3.put_bucket_notification_configuration(**call)
    else:
        assert refused(s3.put_bucket_notification_configuration, **call) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("event", "code"), [("s3:Nonsense", "InvalidArgument"), ("s3:Replication:*", "NotImplemented")]
)
def test_events_that_never_happen_are_refused(s3: Any, bucket: str, refused: Any, event: str, code: str) -> None:
    asked = {"QueueConfigurations": [rule(QUEUE, event)]}
    call = {"Bucket": bucket, "NotificationConfiguration": asked}
    assert refused(s3.put_bucket_notification_configuration, **call)[0] == code


def test_no_client_chooses_the_event(plane: Plane, s3: Any, bucket: str, sent: Any) -> None:
    configure(s3, bucket, LambdaFunctionConfigurations=[rule(FUNCTION, "s3:ObjectCreated:*")])
    link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    asked = http.client.HTTPConnection("127.0.0.1", plane.port)
    asked.request("PUT", link.removeprefix(plane.endpoint), b"1", {"x-lambent-post": "1"})
    assert asked.getresponse().status == 200
    asked.close()
    assert orjson.loads(sent(1)[0].body)["Records"][0]["eventName"] == "ObjectCreated:Put"


def test_all_destinations_that_nothing_can_be_sent_to_are_named(plane: Plane, s3: Any, bucket: str) -> None:
    function, queue = f"{FUNCTION}-gone", f"{QUEUE}-gone"
    plane.missing |= {function: "no function", queue: "no queue"}
    rules = [rule(function, "s3:ObjectCreated:*")], [rule(queue, "s3:ObjectRemoved:*")]
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as caught:
        configure(s3, bucket, LambdaFunctionConfigurations=rules[0], QueueConfigurations=rules[1])
    error: Any = caught.value.response["Error"]
    assert (error["ArgumentName1"], error["ArgumentValue1"]) == (f"{function}, null", "no function")
    assert (error["ArgumentName2"], error["ArgumentValue2"]) == (queue, "no queue")
