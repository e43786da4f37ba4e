"""How the ends that no function can report itself are worded, as AWS words them.

Pure: each function returns the payload (JSON, UTF-8) that the caller of Invoke gets with
`X-Amz-Function-Error: Unhandled`. Sources: answers recorded from AWS (timeout, exit without a reason,
exit status 127) and https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html.
"""

import json

MAX_RESPONSE = 6_291_556
"""Bytes of the largest response of a synchronous invocation
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB, plus 100 for the envelope)."""

MAX_STREAM = 200 << 20
"""Bytes of the largest streamed response, 200 MB (the same page)."""

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
"""In REPORT and platform.report; what Invoke answers says `EXITED`."""
TRUNCATED = "Runtime.TruncatedResponse"
RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"

SIGNAL_NAMES: dict[int, str] = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    5: "trace/breakpoint trap",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    10: "user defined signal 1",
    11: "segmentation fault",
    12: "user defined signal 2",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
}
"""Linux signals as AWS's platform (a Go program) names them."""


def timeout_payload(request_id: str, seconds: float) -> bytes:
    """The invocation ran longer than the function's timeout of `seconds`."""
    return _payload(TIMED_OUT, timeout_message(request_id, seconds))


def timeout_message(request_id: str, seconds: float) -> str:
    """The text of a timeout, the same in the payload and in the log."""
    return f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"


def exit_payload(request_id: str, code: int | None, signal: int | None, out_of_memory: bool) -> bytes:
    """The runtime's process ended: by `code`, by `signal`, or because memory ran out."""
    return _payload(EXITED, exit_message(request_id, code, signal, out_of_memory))


def invalid_entrypoint_payload(request_id: str, reason: str, error_type: str) -> bytes:
    """There was nothing to start, or it could not be started."""
    return _payload(error_type, f"RequestId: {request_id} Error: {reason}")


def exit_message(request_id: str, code: int | None, signal: int | None, out_of_memory: bool) -> str:
    """The text of a runtime's exit, the same in the payload and in the log."""
    return f"RequestId: {request_id} Error: {exit_reason(code, signal, out_of_memory)}"


def exit_reason(code: int | None, signal: int | None, out_of_memory: bool) -> str:
    """Why the runtime's process ended. Running out of memory looks like SIGKILL, as on AWS."""
    if out_of_memory:
        signal = 9
    if signal is not None:
        return f"Runtime exited with error: signal: {SIGNAL_NAMES.get(signal, f'signal {signal}')}"
    if code:
        return f"Runtime exited with error: exit status {code}"
    return "Runtime exited without providing a reason"


def response_too_large_payload(size: int, limit: int = MAX_RESPONSE) -> bytes:
    """The function answered `size` bytes, more than `limit`. AWS's text names the limit only."""
    assert size > limit
    text = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return _payload(RESPONSE_TOO_LARGE, text)


def truncated_payload() -> bytes:
    """The connection of a streamed response ended before the response did. The type is AWS's, the text ours."""
    return _payload(TRUNCATED, "The response ended before it was complete.")


def extension_payload(request_id: str, error_type: str, reason: str) -> bytes:
    """An extension failed: `error_type` "Extension.Crash" and such, `reason` from `extension_reason`."""
    return _payload(error_type, f"RequestId: {request_id} Error: {reason}")


def extension_reason(code: int | None, signal: int | None) -> str:
    """How an extension's process ended, as AWS words it."""
    if signal is not None:
        return f"signal: {SIGNAL_NAMES.get(signal, f'signal {signal}')}"
    return f"exit status {code}" if code else "exit code 0"


def _payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
