"""AWS IoT SQL: statements, filters of topics, and what is sent."""

import base64
import json
from typing import Any

import pytest

from lambent.engine.iot import topics
from lambent.engine.iot.actions import instead, missing
from lambent.engine.iot.functions import Message
from lambent.engine.iot.rules import Published, Rule, pushes
from lambent.engine.iot.sql import NotBuilt, Unreadable, statement, template
from lambent.engine.iot.values import UNDEFINED
from lambent.model.push import Push
from lambent.model.scope import Scope

SCOPE = Scope("111111111111", "eu-west-1")
VALUE = {"t": 21, "x": {"y": [1, 2]}, "s": "hi", "n": None, "quoted name": 1}
TOPIC = "arn:aws:sns:eu-west-1:111111111111:t"
ROLE = "arn:aws:iam::111111111111:role/r"


def message(value: Any = None) -> Message:
    return Message("a/b/c", VALUE if value is None else value, 1.5, SCOPE.account, lambda: "id")


@pytest.mark.parametrize(
    ("pattern", "topic", "passes"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("#", "$aws/x", False),
        ("+/b", "/b", True),
        ("a/b", "a/b/", False),
        ("A", "a", False),
    ],
)
def test_filters_of_topics(pattern: str, topic: str, passes: bool) -> None:
    assert topics.passes(pattern, topic) is passes


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("*", VALUE),
        ("t", {"t": 21}),
        ("x.y[1] AS v, s", {"v": 2, "s": "hi"}),
        ("x.y", {"y": [1, 2]}),
        ('"quoted name" AS q', {"q": 1}),
        ("*, topic(2) AS d, timestamp() AS at.ms", {**VALUE, "d": "b", "at": {"ms": 1500}}),
        ("missing, clientid() AS c", {"c": "n/a"}),
        ("VALUE x", {"y": [1, 2]}),
        ("VALUE missing", UNDEFINED),
        ("t*2-1 AS a, t / 2 AS b, t % 4 AS c, -t AS d, t / 7 AS e", {"a": 41, "b": 10.5, "c": 1, "d": -21, "e": 3}),
        ("t/0 AS a, 'x' * 2 AS b, '4' * 2 AS c", {"c": 8}),
        ("s + t AS a, concat(s, '-', t) AS b, upper(s) AS c", {"a": "hi21", "b": "hi-21", "c": "HI"}),
        ("CASE t WHEN 21 THEN 'y' ELSE 'n' END AS a, CASE WHEN t > 30 THEN 1 END AS b", {"a": "y"}),
        ("{'a': t, 'b': [1, s]} AS o", {"o": {"a": 21, "b": [1, "hi"]}}),
        ("cast(t AS string) AS a, cast('2.5' AS int) AS b, cast('x' AS decimal) AS c", {"a": "21", "b": 3}),
        ("substring(s, 1) AS a, indexof(s, 'i') AS b, length(s) AS c", {"a": "i", "b": 1, "c": 2}),
        ("regexp_matches(s, '^h') AS a, regexp_replace(s, 'h', 'j') AS b", {"a": True, "b": "ji"}),
        ("isNull(n) AS a, isUndefined(q) AS b, nanvl(s, 7) AS c", {"a": True, "b": True, "c": 7}),
        ("get(x.y, 0) AS a, get(x, 'y') AS b, numbytes('ä') AS c", {"a": 1, "b": [1, 2], "c": 2}),
        ("newuuid() AS a, accountid() AS b, 'it''s' AS c", {"a": "id", "b": SCOPE.account, "c": "it's"}),
        ("encode('a', 'base64') AS a, decode('YQ==', 'base64') AS b", {"a": "YQ==", "b": "a"}),
    ],
)  # fmt: skip
def test_what_a_statement_makes(said: str, made: Any) -> None:
    assert statement(f"SELECT {said} FROM 'a/#'").make(message()) == made


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("t > 20 AND s <> 'no'", True),
        ("t = 21.0 OR missing = 3", True),
        ("missing <> 3", False),
        ("NOT missing = 3", False),
        ("t IN [1, 21]", True),
        ("t NOT IN (1, 21)", False),
        ("'21' = t", False),
        ("'21' >= t", True),
        ("n = null", True),
        ("startswith(topic(), 'a/')", True),
        ("t", False),
        ("(t > 1) = true", True),
    ],
)
def test_which_messages_a_statement_takes(said: str, takes: bool) -> None:
    assert statement(f"select * from 'a' where {said}").takes(message()) is takes


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("SELECT", Unreadable),
        ("SELECT * FROM a", Unreadable),
        ("SELECT a b FROM 'x'", Unreadable),
        ("SELECT * FROM 'a/#/b'", Unreadable),
        ("SELECT upper() FROM 'a'", Unreadable),
        ("SELECT \x00", Unreadable),
        ("SELECT " + "(" * 200, Unreadable),
        ("SELECT " + "+".join("a" * 300), Unreadable),
        ("SELECT a" + ".b" * 300, Unreadable),
        ("SELECT get_thing_shadow('a', 'r') FROM 'x'", NotBuilt),
        ("SELECT (SELECT a FROM b) FROM 'x'", NotBuilt),
        ("SELECT " + "a," * 40_000 + "a FROM 'x'", Unreadable),
    ],
)
def test_what_is_no_statement(said: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        statement(said)


def test_texts_do_not_grow_without_bounds() -> None:
    many = "a" * 100_000
    assert statement("SELECT replace(s, 'a', s) AS r FROM 'x'").make(message({"s": many})) == {}
    assert statement("SELECT regexp_replace(s, 'a', s) AS r FROM 'x'").make(message({"s": many})) == {}


def test_a_template_is_filled() -> None:
    assert template("k/${topic(1)}/${timestamp()}-${nope}")(message()) == "k/a/1500-Undefined"


# --- what is sent


def sent(
    payload: bytes, *actions: dict[str, Any], topic: str = "a/b", trace: str = "Root=1", **more: Any
) -> list[Push]:
    rule = Rule("r", {"sql": "SELECT *, topic(2) AS d FROM 'a/+' WHERE t > 1", "actions": list(actions), **more})
    said = Published(SCOPE, topic, payload, 1.5, trace, lambda: "id")
    return pushes([rule], said, LOOPS.append)


LOOPS: list[str] = []
GOOD = b'{"t":2}'
MADE = b'{"t":2,"d":"b"}'


def in_base64(body: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(body).decode()}


@pytest.mark.parametrize(
    ("action", "target", "call", "body"),
    [
        ({"lambda": {"functionArn": "arn:f"}}, "arn:f", "", MADE),
        (
            {"sqs": {"roleArn": ROLE, "queueUrl": "http://127.0.0.1:4566/111111111111/q", "useBase64": True}},
            "arn:aws:sqs:eu-west-1:111111111111:q",
            "",
            base64.b64encode(MADE),
        ),
        ({"sns": {"roleArn": ROLE, "targetArn": TOPIC}}, TOPIC, "", MADE),
        (
            {"kinesis": {"roleArn": ROLE, "streamName": "s", "partitionKey": "${topic(1)}"}},
            "arn:aws:kinesis:eu-west-1:111111111111:stream/s",
            "kinesis:PutRecord",
            {"StreamName": "s", "Data": in_base64(MADE), "PartitionKey": "a"},
        ),
        (
            {"s3": {"roleArn": ROLE, "bucketName": "b", "key": "${topic()}/${t}"}},
            "arn:aws:s3:::b",
            "s3:PutObject",
            {"Bucket": "b", "Key": "a/b/2", "Body": in_base64(MADE)},
        ),
        (
            {"dynamoDBv2": {"roleArn": ROLE, "putItem": {"tableName": "t"}}},
            "arn:aws:dynamodb:eu-west-1:111111111111:table/t",
            "dynamodb:PutItem",
            {"TableName": "t", "Item": {"t": {"N": "2"}, "d": {"S": "b"}}},
        ),
        (
            {"republish": {"roleArn": ROLE, "topic": "again/${topic(2)}", "qos": 1}},
            "arn:aws:iot:eu-west-1:111111111111:topic/again/b",
            "iot-data:Publish",
            {"topic": "again/b", "qos": 1, "payload": in_base64(MADE)},
        ),
    ],
)  # fmt: skip
def test_each_action_sends(action: dict[str, Any], target: str, call: str, body: Any) -> None:
    [push] = sent(GOOD, action)
    assert missing(action) == ""
    assert (push.kind, push.delivery.target, push.delivery.call) == ("iot", target, call)
    assert push.role == ("" if "lambda" in action else ROLE)
    found = push.delivery.body
    assert (json.loads(found) if call else found) == body


def test_what_no_rule_wants_sends_nothing() -> None:
    action = {"lambda": {"functionArn": "arn:f"}}
    assert sent(b'{"t":1}', action) == sent(GOOD, action, topic="a") == sent(b"\xff", action) == []
    assert sent(GOOD, action, ruleDisabled=True) == []
    [push] = sent(GOOD, action, topic="$aws/rules/r/x/y/z")
    assert json.loads(push.delivery.body)["d"] == "y"
    assert sent(GOOD, action, topic="$aws/rules/other/a/b") == []


def test_an_error_action_is_told_what_failed() -> None:
    broken = {"sqs": {"roleArn": ROLE, "queueUrl": "nowhere"}}
    error = {"s3": {"roleArn": ROLE, "bucketName": "b", "key": "${topic()}/${failures[0].failedAction}"}}
    [push] = sent(GOOD, broken, errorAction=error)
    assert push.lost == "nowhere is no URL of a queue"
    other = instead(push, push.lost)
    assert other is not None and other.role == ROLE and instead(other, "x") is None
    said = json.loads(other.delivery.body)
    assert (said["Bucket"], said["Key"]) == ("b", "a/b/SqsAction")
    told = json.loads(base64.b64decode(said["Body"]["base64"]))
    assert told["failures"] == [
        {"failedAction": "SqsAction", "failedResource": "nowhere", "errorMessage": "nowhere is no URL of a queue"}
    ]
    assert (told["ruleName"], told["topic"], base64.b64decode(told["base64OriginalPayload"])) == ("r", "a/b", GOOD)
    [push] = sent(GOOD, broken)
    assert instead(push, "x") is None


def test_what_is_no_document_goes_on_as_it_is() -> None:
    def one(statement: str, payload: bytes) -> Any:
        rule = Rule("r", {"sql": statement, "actions": [{"lambda": {"functionArn": "arn:f"}}]})
        said = Published(SCOPE, "a", payload, 1.5, "Root=1", lambda: "id")
        return json.loads(pushes([rule], said, LOOPS.append)[0].delivery.body)

    for payload in (b"\xff\x00", b"NaN", b"1e999", b"[" * 100_000):
        assert base64.b64decode(one("SELECT * FROM 'a'", payload)) == payload
    assert one("SELECT concat(*, '!') AS a, nanvl(1, *) AS b FROM 'a'", b"xx x") == {"a": "xx x!", "b": 1}
    assert one("SELECT [*] AS a FROM 'a'", b"xx x") == {"a": ["xx x"]}
    assert (one("SELECT * FROM 'a'", b'"t"'), one("SELECT * FROM 'a'", b"[1, null]")) == ("t", [1, None])
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    [push] = sent(b'{"t":2,"x":' + deep + b"}", {"dynamoDBv2": {"roleArn": ROLE, "putItem": {"tableName": "t"}}})
    assert push.lost or push.delivery.call == "dynamodb:PutItem"


def test_a_rule_that_hears_itself_is_stopped() -> None:
    LOOPS.clear()
    trace, rounds = "Root=1", 0
    while found := sent(GOOD, {"republish": {"roleArn": ROLE, "topic": "a/b"}}, trace=trace):
        trace, rounds = found[0].delivery.trace_id, rounds + 1
    assert (rounds, LOOPS) == (16, ["arn:aws:iot:eu-west-1:111111111111:rule/r"])


def test_what_is_not_done_is_named() -> None:
    assert missing({"timestream": {}}) == "the action timestream"
    assert missing({"republish": {"headers": {"contentType": "x"}}}) == "headers of the action republish"
