"""The texts of ends, as recorded from AWS."""

import json

import pytest

from lambent.runtime_api import errors


def test_timeout() -> None:
    assert json.loads(errors.timeout_payload("id", 1)) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id Error: Task timed out after 1.00 seconds",
    }


@pytest.mark.parametrize(
    ("code", "signal", "out_of_memory", "text"),
    [
        (0, None, False, "Runtime exited without providing a reason"),
        (None, None, False, "Runtime exited without providing a reason"),
        (127, None, False, "Runtime exited with error: exit status 127"),
        (None, 9, False, "Runtime exited with error: signal: killed"),
        (None, 11, False, "Runtime exited with error: signal: segmentation fault"),
        (None, 64, False, "Runtime exited with error: signal: signal 64"),
        (1, None, True, "Runtime exited with error: signal: killed"),
    ],
)
def test_exit(code: int | None, signal: int | None, out_of_memory: bool, text: str) -> None:
    assert json.loads(errors.exit_payload("id", code, signal, out_of_memory)) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: id Error: {text}",
    }


def test_response_too_large() -> None:
    assert json.loads(errors.response_too_large_payload(errors.MAX_RESPONSE + 1)) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
