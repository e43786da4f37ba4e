"""The matrix of functions' answers at an HTTP API, beside the columns of other doors (`door_answers.py`).

Payload version 2.0 is a function URL's but for what is malformed, which is a 500, and what is no JSON, which is sent as
it is; version 1.0 infers nothing. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
"""

import orjson
import pytest

from lambent.http_events import http_api
from lambent.http_events.payload_v2 import Malformed
from tests.unit.http_events.door_answers import ROWS, Row

INFERRED = {
    "string", "empty-string", "integer", "float", "boolean", "null", "nothing", "list", "empty-list", "object",
    "empty-object", "body-without-status",
}  # fmt: skip
NOT_JSON = {"not-json", "half-json"}
"""Recorded: https://github.com/aws/aws-lambda-dotnet/tree/dev/Tools/LambdaTestTool-v2/tests (Snapshots)."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_answer_at_an_http_api_in_version_2(row: Row) -> None:
    if row.name in NOT_JSON:
        assert http_api.reply_v2(row.answer).body == row.answer
    elif row.url.status == 502:
        with pytest.raises(Malformed):
            http_api.reply_v2(row.answer)
    else:
        assert http_api.reply_v2(row.answer).body == row.url.body


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in INFERRED], ids=lambda row: row.name)
def test_version_1_infers_nothing(row: Row) -> None:
    with pytest.raises(Malformed):
        http_api.reply_v1(row.answer)


@pytest.mark.parametrize(
    ("said", "status", "headers", "body"),
    [
        ({"statusCode": 200}, 200, [("Content-Type", "text/plain; charset=utf-8")], b""),
        ({"statusCode": "201", "body": "b"}, 201, [("Content-Type", "text/plain; charset=utf-8")], b"b"),
        (
            {"statusCode": 200, "headers": {"content-type": "x/y", "n": 1}}, 200,
            [("content-type", "x/y"), ("n", "1")], b"",
        ),
        (
            {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["a/b"], "X": ["1", "2"]},
             "headers": {"x": "0", "X": "2"}},
            200, [("x", "0"), ("Content-Type", "a/b"), ("X", "1"), ("X", "2")], b"",
        ),
        (
            {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200,
            [("Content-Type", "text/plain; charset=utf-8")], b"hi",
        ),
    ],
)  # fmt: skip
def test_answers_of_version_1(said: object, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    reply = http_api.reply_v1(orjson.dumps(said))
    assert (reply.status, reply.headers, reply.body) == (status, headers, body)


@pytest.mark.parametrize(
    "said",
    [
        b"{", b'{"statusCode":null}', b'{"statusCode":"x"}', b'{"statusCode":99}', b'{"statusCode":true}',
        b'{"statusCode":200,"body":{}}', b'{"statusCode":200,"headers":[]}', b'{"statusCode":200,"headers":{"a":[]}}',
        b'{"statusCode":200,"multiValueHeaders":{"a":"1"}}', b'{"statusCode":200,"body":"%","isBase64Encoded":true}',
    ],
)  # fmt: skip
def test_what_is_no_answer_of_version_1(said: bytes) -> None:
    with pytest.raises(Malformed):
        http_api.reply_v1(said)
