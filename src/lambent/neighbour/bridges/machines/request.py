"""What operations share: refusals by AWS's names, the ARNs that are good, pages of lists.

Source of names and patterns: https://docs.aws.amazon.com/step-functions/latest/apireference/
"""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambent.model.constraints import broken

Params = Mapping[str, Any]
"""A request's parameters, by AWS's names."""
MACHINE = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w.-]+(:\d+|:[\w.-]+)?")
EXECUTION = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:(execution|express):[\w.-]+(/[\w.-]+)?(:[\w.-]+)*")
MAP_RUN = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:mapRun:[\w.-]+/[\w.-]+:[\w.-]+")
ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:[\w.-]{1,80}")
PAGE, LARGEST_PAGE = 100, 1000


def refusal(code: str, text: str) -> Exception:
    """What moto answers as AWS's error, with status 400."""
    from moto.core.exceptions import AWSError

    return AWSError(text, exception_type=code)


def checked_arn(arn: Any, pattern: re.Pattern[str]) -> str:
    """Raises moto's InvalidArn."""
    if not isinstance(arn, str) or not pattern.fullmatch(arn):
        raise refusal("InvalidArn", f"Invalid Arn: '{arn}'")
    return arn


def page(items: Sequence[dict[str, Any]], said: Params, name: str) -> dict[str, Any]:
    """One page of a list, and a token where there is more. `maxResults` 0 is the default. Raises moto's errors."""
    most = said.get("maxResults") or PAGE
    if not 0 <= most <= LARGEST_PAGE:
        constraint = f"Member must have value less than or equal to {LARGEST_PAGE}"
        raise refusal("ValidationException", broken(f"Value '{most}'", "maxResults", constraint))
    start = _start(said.get("nextToken"))
    more = {"nextToken": base64.b64encode(str(start + most).encode()).decode()} if len(items) > start + most else {}
    return {name: list(items[start : start + most]), **more}


def _start(token: str | None) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except ValueError as error:
        raise refusal("InvalidToken", "Invalid Token: 'Invalid token'") from error
