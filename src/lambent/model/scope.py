"""Where state lives: one AWS account in one region. State in one scope is invisible from another."""

from dataclasses import dataclass
from typing import NamedTuple

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


class Scope(NamedTuple):
    """An account (12 digits) and a region name. A tuple, because its hash is taken several times an invocation."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and the id that its answer, log lines and findings carry.

    `trace_id` is the X-Ray header that came with the request, or what is known of its chain of calls without one.
    """

    scope: Scope
    request_id: str
    access_key: str | None = None
    trace_id: str | None = None
