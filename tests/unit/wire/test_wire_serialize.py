"""Results and faults on the wire, read back by botocore's parsers where they can read them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from botocore import parsers
from botocore.awsrequest import HeadersDict
from botocore.eventstream import EventStream

from lambent.wire import serialize, service
from lambent.wire.fault import Fault
from lambent.wire.http import Response

LAMBDA = service.load("lambda")
ID = "11111111-2222-3333-4444-555555555555"


def output(name: str, operation: str, result: dict[str, Any]) -> Response:
    return serialize.output(service.load(name), operation, result, ID)


def fault(name: str, error: Fault, operation: str | None = None) -> Response:
    return serialize.fault(service.load(name), operation, error, ID)


def read(name: str, operation: str, response: Response) -> dict[str, Any]:
    """The response as botocore reads it."""
    target = service.load(name)
    raw = {
        "body": response.body,
        "headers": HeadersDict(response.headers),
        "status_code": response.status,
        "context": {},
    }
    shape = target.operation(operation).output_shape
    return dict(parsers.create_parser(target.protocol).parse(raw, shape))


def test_status_and_members_without_a_value() -> None:
    response = output("lambda", "CreateFunction", {"FunctionName": "f", "Environment": None})
    assert response.status == 201
    assert response.body == b'{"FunctionName":"f"}'
    assert dict(response.headers) == {"x-amzn-RequestId": ID, "Content-Type": "application/json"}
    assert output("lambda", "DeleteFunction", {}).status in {200, 204}


def test_a_payload_goes_raw_and_the_rest_in_status_and_headers() -> None:
    result = {"StatusCode": 202, "FunctionError": "Unhandled", "ExecutedVersion": "3", "Payload": b'{"a":1}'}
    response = output("lambda", "Invoke", result)
    assert (response.status, response.body) == (202, b'{"a":1}')
    assert ("X-Amz-Function-Error", "Unhandled") in response.headers
    assert ("X-Amz-Executed-Version", "3") in response.headers


def test_a_member_that_the_model_lacks_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        output("lambda", "GetFunction", {"Nothing": 1})


def test_json_leaves() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 500_000, UTC)
    response = output("lambda", "GetEventSourceMapping", {"LastModified": moment, "BatchSize": 1})
    assert response.body == b'{"LastModified":1767323045.5,"BatchSize":1}'
    response = output("dynamodb", "GetItem", {"Item": {"a": {"B": b"\x00"}, "b": {"L": [{"NULL": True}]}}})
    assert response.body == b'{"Item":{"a":{"B":"AA=="},"b":{"L":[{"NULL":true}]}}}'
    assert ("Content-Type", "application/x-amz-json-1.0") in response.headers


@pytest.mark.parametrize(
    ("name", "operation", "result"),
    [
        ("logs", "DescribeLogGroups", {"logGroups": [{"logGroupName": "g", "storedBytes": 0}], "nextToken": "t"}),
        ("s3", "ListBuckets", {"Buckets": [{"Name": "a&b"}, {"Name": "c"}], "Owner": {"ID": "o"}}),
        ("s3", "ListObjectsV2", {"Contents": [{"Key": "k<", "Size": 3}, {"Key": "l"}], "KeyCount": 2}),
        ("s3", "HeadObject", {"ContentLength": 3, "Metadata": {"a": "b"}, "ETag": '"x"'}),
        ("sns", "ListTopics", {"Topics": [{"TopicArn": "a"}, {"TopicArn": "b"}], "NextToken": "t"}),
        ("sns", "GetTopicAttributes", {"Attributes": {"a": "1", "b": "\r\n2"}}),
        ("iam", "GetRole", {"Role": {"RoleName": "r", "Tags": [{"Key": "a", "Value": "b"}]}}),
    ],
)
def test_botocore_reads_it_back(name: str, operation: str, result: dict[str, Any]) -> None:
    parsed = read(name, operation, output(name, operation, result))
    parsed.pop("ResponseMetadata")
    assert parsed == result


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Fault("ResourceNotFoundException", "no"), 404, {"Type": "User", "Message": "no"}),
        (Fault("ResourceConflictException", "no"), 409, {"Type": "User", "message": "no"}),
        (Fault("ServiceException", "no"), 500, {"Type": "Service", "Message": "no"}),
        (Fault("ResourceNotFoundException", "no", members={"Type": None}), 404, {"Message": "no"}),
        (Fault("ValidationException", "1 validation error", status=400), 400, {"message": "1 validation error"}),
        (Fault("SerializationException", "no", status=400), 400, {"Message": "no"}),
        (Fault("AccessDeniedException", None, status=403), 403, {"Message": None}),
        (Fault("NotImplementedException", "not yet", status=501), 501, {"message": "not yet"}),
    ],
)
def test_rest_json_faults(error: Fault, status: int, body: dict[str, Any]) -> None:
    response = fault("lambda", error)
    assert response.status == status
    assert orjson.loads(response.body) == body
    assert ("x-amzn-ErrorType", error.code) in response.headers
    assert ("x-amzn-RequestId", ID) in response.headers


def test_a_faults_members_in_headers_and_body() -> None:
    error = Fault("TooManyRequestsException", "Rate Exceeded.", members={"Reason": "R", "retryAfterSeconds": "3"})
    response = fault("lambda", error)
    assert response.status == 429
    assert orjson.loads(response.body) == {"Type": "User", "Reason": "R", "message": "Rate Exceeded."}
    assert ("Retry-After", "3") in response.headers


def test_json_faults() -> None:
    response = fault("logs", Fault("ResourceNotFoundException", "no group"))
    assert orjson.loads(response.body) == {"__type": "ResourceNotFoundException", "message": "no group"}
    assert response.status == 400


def test_a_fault_that_a_query_client_reads_too() -> None:
    response = fault("sqs", Fault("QueueDoesNotExist", "no"))
    assert ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender") in response.headers
    assert orjson.loads(response.body) == {"__type": "QueueDoesNotExist", "message": "no"}


def test_xml_faults() -> None:
    response = fault("s3", Fault("NoSuchKey", "a < b", members={"Key": "k"}), "GetObject")
    assert response.status == 404
    assert response.body.endswith(  # type: ignore[union-attr]
        b"<Error><Code>NoSuchKey</Code><Message>a &lt; b</Message><Key>k</Key><RequestId>"
        + ID.encode()
        + b"</RequestId></Error>"
    )
    response = fault("sns", Fault("NotFoundException", "no"))
    parsed = read("sns", "Publish", response)
    assert parsed["Error"] == {"Type": "Sender", "Code": "NotFound", "Message": "no"}
    assert parsed["ResponseMetadata"]["RequestId"] == ID


def test_a_fault_that_answers_head_has_no_body() -> None:
    assert fault("s3", Fault("404", "Not Found", status=404), "HeadObject").body == b""


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body


def streamed(body: Any) -> list[dict[str, Any]]:
    shape = LAMBDA.operation("InvokeWithResponseStream").output_shape.members["EventStream"]
    return list(EventStream(Raw(body), shape, parsers.EventStreamJSONParser(), "InvokeWithResponseStream"))


EVENTS: list[dict[str, Any]] = [
    {"PayloadChunk": {"Payload": b"one"}},
    {"InvokeComplete": {"ErrorCode": "E", "LogResult": "x"}},
]


def test_an_event_stream() -> None:
    response = output("lambda", "InvokeWithResponseStream", {"StatusCode": 200, "EventStream": EVENTS})
    assert ("Content-Type", "application/vnd.amazon.eventstream") in response.headers
    assert streamed(response.body) == EVENTS


def test_an_event_stream_that_comes_as_it_happens() -> None:
    async def events() -> AsyncIterator[dict[str, Any]]:
        for event in EVENTS:
            yield event

    async def collected() -> bytes:
        response = output("lambda", "InvokeWithResponseStream", {"EventStream": events()})
        return b"".join([frame async for frame in response.body])  # type: ignore[union-attr]

    assert streamed(asyncio.run(collected())) == EVENTS


@pytest.mark.parametrize(
    ("operation", "root"),
    [
        ("CompleteMultipartUpload", "CompleteMultipartUploadResult"),
        ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
        ("DeleteObjects", "DeleteResult"),
        ("GetBucketVersioning", "VersioningConfiguration"),
        ("ListBuckets", "ListAllMyBucketsResult"),
    ],
)
def test_s3_s_documents_have_the_roots_that_clients_look_for(operation: str, root: str) -> None:
    s3 = service.load("s3")
    body = serialize.output(s3, operation, {}, "id").body
    assert isinstance(body, bytes)
    assert f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'.encode() in body
    refused = serialize.fault(s3, operation, Fault("NoSuchUpload", "x", status=404), "id").body
    assert isinstance(refused, bytes) and b"<Error><Code>" in refused
