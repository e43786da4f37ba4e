"""Where a stage's access log goes: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html

A log group of the API's own account: nobody writes into another one's logs.
"""

import re
from collections.abc import Callable
from typing import Any

from lambent.model.scope import Scope

GROUP = re.compile(r"arn:[^:]+:logs:([^:]*):(\d{12}):log-group:([^:*]+)(?::\*)?")
STREAM = re.compile(r"arn:[^:]+:firehose:[^:]*:\d{12}:deliverystream/.+")


def wrong(destination: str, account: str) -> str:
    """What is wrong with a destination; "" for one that is written to."""
    found = GROUP.fullmatch(destination)
    if found is not None and found[2] == account:
        return ""
    return f"Invalid ARN specified in the request. A destination is the ARN of a log group of yours, not {destination}"


def write(log: Callable[[Scope, str, str, str], None], scope: Scope, destination: str, stream: str, line: str) -> None:
    """A line into the log group of a destination's ARN; nothing where it is none of the account's."""
    found = GROUP.fullmatch(destination)
    if found is not None and found[2] == scope.account and line:
        log(Scope(scope.account, found[1] or scope.region), found[3], stream, line)


def integrated(seconds: float, answered: int | None, invoked: int | None, error: str) -> dict[str, Any]:
    """What `$context` has of an integration that was asked: how long it took, its status, that of who was asked to run
    a function (None for others), what was wrong with it.

    Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    and …/http-api-logging-variables.html
    """
    status, took = invoked or answered, round(seconds * 1000)
    whole = {"status": answered, "integrationStatus": status, "latency": took, "error": error}
    flat = {"integrationLatency": took, "integrationStatus": status, "integrationErrorMessage": error}
    return flat | {"integration": whole}
