"""What tasks of Step Functions answer, as AWS writes it: compact JSON, with what the service's SDK says of the call.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html (an answer in full); of `aws-sdk:…`
tasks there is no metadata (https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html).
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

COMPACT = (",", ":")
_CALLED: ContextVar[tuple[str, int, Mapping[str, str]] | None] = ContextVar("called", default=None)
"""Of the last call that a task of this thread made: request id, status, headers."""


def remember(http_response: Any, parsed: Any, **_: object) -> None:
    """After each call of a task's client."""
    said = parsed.get("ResponseMetadata", {})
    _CALLED.set((said.get("RequestId", ""), http_response.status_code, dict(http_response.headers)))


def with_metadata(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's `_eval_service_task`, which leaves out what the SDK says."""

    def run(
        task: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> None:
        _CALLED.set(None)
        former(task, env, resource_runtime_part, normalised_parameters, state_credentials)
        called, answer = _CALLED.get(), env.stack[-1]
        if called is not None and isinstance(answer, dict):
            env.stack[-1] = dict(sorted({**answer, **_metadata(*called)}.items()))

    return run


def written(_gateway: Gateway, _former: Any) -> Callable[..., str]:
    """In place of moto's `to_json_str`, which puts spaces in and writes other letters than ASCII as escapes."""
    return to_json_str


def to_json_str(obj: Any, separators: tuple[str, str] | None = None) -> str:
    """JSON as AWS writes it."""
    text = json.dumps(obj, default=_plain, separators=separators or COMPACT, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair, which only an escape can say
        return json.dumps(obj, default=_plain, separators=separators or COMPACT)
    return text


def _metadata(request_id: str, status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    every = {name: [value] for name, value in headers.items()}
    http = {"AllHttpHeaders": every, "HttpHeaders": dict(headers), "HttpStatusCode": status}
    return {"SdkHttpMetadata": http, "SdkResponseMetadata": {"RequestId": request_id}}


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
