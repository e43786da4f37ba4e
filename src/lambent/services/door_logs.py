"""Where a stage's access log goes: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"""

import re
from collections.abc import Callable

from lambent.model.scope import Scope

GROUP = re.compile(r"arn:[^:]+:logs:([^:]*):(\d{12}):log-group:([^:*]+)")


def write(log: Callable[[Scope, str, str, str], None], scope: Scope, destination: str, stream: str, line: str) -> None:
    """A line into the log group of a destination's ARN; nothing where it is none, or the line is empty."""
    found = GROUP.match(destination)
    if found is not None and line:
        log(Scope(found[2], found[1] or scope.region), found[3], stream, line)
