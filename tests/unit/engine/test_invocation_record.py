"""Records of asynchronous invocations, byte by byte."""

import json

import pytest

from lambent.engine.async_event import Condition
from lambent.engine.invocation_record import Ending, dead_letter_attributes, detail_type, record
from lambent.model.async_event import AsyncEvent, Attempts, Handling
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope

SCOPE = Scope("111111111111", "us-east-1")
FUNCTION = FunctionVersion(SCOPE, "f", "3", "python3.13", "a.b", "00", "role", "r1")
ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
HANDLING = Handling(FUNCTION, ARN, f"{ARN}:$LATEST")
NOW = 1_573_755_365.568


def event(payload: bytes = b'{"a": 1}') -> AsyncEvent:
    return AsyncEvent(1, SCOPE, "f", "", "id", payload, "Root=1", None, Attempts(NOW, NOW))


def test_a_record_is_written_as_aws_writes_it() -> None:
    ending = Ending(Condition.RETRIES, 3, Outcome(b'{"errorMessage":"no"}', "Unhandled"), "3")
    assert record(event(), HANDLING, ending, NOW).decode() == (
        '{"version":"1.0","timestamp":"2019-11-14T18:16:05.568Z",'
        f'"requestContext":{{"requestId":"id","functionArn":"{ARN}:$LATEST",'
        '"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"a":1},'
        '"responseContext":{"statusCode":200,"executedVersion":"3","functionError":"Unhandled"},'
        '"responsePayload":{"errorMessage":"no"}}'
    )
    assert detail_type(ending) == "Lambda Function Invocation Result - Failure"


def test_a_success_has_no_error_and_what_never_ran_no_response() -> None:
    done = Ending(Condition.SUCCESS, 1, Outcome(b"null"), "$LATEST")
    said = json.loads(record(event(), HANDLING, done, NOW))
    assert said["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert said["responsePayload"] is None
    assert detail_type(done).endswith("Success")
    never = json.loads(record(event(), HANDLING, Ending(Condition.ZERO, 0, None, "$LATEST"), NOW))
    assert never["requestContext"]["approximateInvokeCount"] == 0
    assert not {"responseContext", "responsePayload"} & set(never)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"[1.0, 1e3]", "[1.0,1000.0]"),
        (b"123456789012345678901234567890", "123456789012345678901234567890"),
        ('"\u20ac"'.encode(), '"\u20ac"'),
        (b"not json \xff", '"not json \ufffd"'),
    ],
)
def test_payloads_of_any_kind(payload: bytes, said: str) -> None:
    ending = Ending(Condition.SUCCESS, 1, Outcome(payload), "$LATEST")
    assert record(event(), HANDLING, ending, NOW).decode().endswith(f'"responsePayload":{said}}}')


def test_a_dead_letter_says_what_went_wrong() -> None:
    failed = Ending(Condition.RETRIES, 3, Outcome(b'{"errorMessage":"no"}', "Unhandled"), "3")
    assert dead_letter_attributes(event(), failed) == {
        "RequestID": ("String", "id"),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "no"),
    }
    never = dead_letter_attributes(event(), Ending(Condition.ZERO, 0, None, "3"))
    assert never["ErrorCode"] == ("Number", "429")
    long = Outcome(json.dumps({"errorMessage": "\u20ac" * 1000}, ensure_ascii=False).encode(), "Unhandled")
    assert dead_letter_attributes(event(), Ending(Condition.RETRIES, 1, long, "3"))["ErrorMessage"][1] == "\u20ac" * 341
    silent = Outcome(b'{"errorMessage":""}', "Unhandled")
    assert "ErrorMessage" not in dead_letter_attributes(event(), Ending(Condition.RETRIES, 1, silent, "3"))
