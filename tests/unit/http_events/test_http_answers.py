"""Answers of payload version 1.0 at an HTTP API, which infers nothing; those of 2.0 are a column of `answers.json`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import orjson
import pytest

from lambent.http_events import http_api
from lambent.http_events.payload_v2 import Malformed
from tests.unit.http_events.test_function_answers import ROWS, Row

INFERRED = [row for row in ROWS if row["http"][-1] == "http-inferred"]


@pytest.mark.parametrize("row", INFERRED, ids=lambda row: row["name"])
def test_version_1_infers_nothing(row: Row) -> None:
    with pytest.raises(Malformed):
        http_api.reply_v1(row["answer"].encode())


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
