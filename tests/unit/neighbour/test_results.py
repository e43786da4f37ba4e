"""What tasks of Step Functions answer, and how they fail."""

from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import results, states
from lambent.neighbour.bridges.handing import Gateway

GATEWAY = Gateway("")


def test_an_answer_has_what_the_sdk_says_of_the_call() -> None:
    def call(_task: Any, env: Any, *_: Any) -> None:
        headers = {"x-amzn-RequestId": "r", "Content-Type": "application/json"}
        results.remember(
            http_response=SimpleNamespace(status_code=200, headers=headers),
            parsed={"ResponseMetadata": {"RequestId": "r"}},
        )
        env.stack.append({"StatusCode": 200, "ExecutedVersion": "$LATEST"})

    env = SimpleNamespace(stack=[])
    results.with_metadata(GATEWAY, call)(None, env, None, {}, None)
    assert env.stack == [
        {
            "ExecutedVersion": "$LATEST",
            "SdkHttpMetadata": {
                "AllHttpHeaders": {"x-amzn-RequestId": ["r"], "Content-Type": ["application/json"]},
                "HttpHeaders": {"x-amzn-RequestId": "r", "Content-Type": "application/json"},
                "HttpStatusCode": 200,
            },
            "SdkResponseMetadata": {"RequestId": "r"},
            "StatusCode": 200,
        }
    ]
    assert list(env.stack[0]) == sorted(env.stack[0])


def test_one_that_called_nobody_stays_as_it_is() -> None:
    env = SimpleNamespace(stack=[])
    results.with_metadata(GATEWAY, lambda _task, env, *_: env.stack.append({"a": 1}))(None, env, None, {}, None)
    assert env.stack == [{"a": 1}]


@pytest.mark.parametrize(
    ("value", "text"), [({"a": [1, "é"]}, '{"a":[1,"é"]}'), ("\ud800", '"\\ud800"'), (None, "null")]
)
def test_json_is_compact(value: Any, text: str) -> None:
    assert results.written(GATEWAY, None)(value) == text


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("ServiceException", "Lambda.ServiceException"),
        ("AccessDeniedException", "Lambda.AWSLambdaException"),
    ],
)
def test_a_function_by_its_arn_fails_with_lambdas_errors(code: str, error: str) -> None:
    from botocore.exceptions import ClientError

    told = {"error": "Exception", "cause": "Rate Exceeded."}
    failed = SimpleNamespace(event_details={"lambdaFunctionFailedEventDetails": told}, error_name=None)
    meta = {"HTTPStatusCode": 429, "RequestId": "r"}
    raised = ClientError({"Error": {"Code": code, "Message": "Rate Exceeded."}, "ResponseMetadata": meta}, "Invoke")  # type: ignore[typeddict-item]
    assert states.by_arn(GATEWAY, lambda *_: failed)(None, None, raised) is failed
    text = f"Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: {code}; Request ID: r; Proxy: null)"
    assert (told, failed.error_name.error_name) == ({"error": error, "cause": text}, error)
