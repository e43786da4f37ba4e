"""Where state lives: one AWS account in one region. State in one scope is invisible from another."""

import re
from typing import NamedTuple

from lambent.model.acting import Acting
from lambent.model.credentials import Held

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
ACCOUNT = re.compile(r"[0-9]{12}")
REGION = re.compile(r"(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]{1,16}-[0-9]")
"""A region's name has the form of all that there are (the pattern of FunctionName in botocore's model of Lambda)."""


class Scope(NamedTuple):
    """An account (12 digits) and a region name. A tuple, because its hash is taken several times an invocation."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION


def checked_scope(account: object, region: object) -> Scope:
    """The scope that somebody names: both become names of folders. Raises ValueError for what can be none."""
    scope = Scope(str(account), str(region))
    if not ACCOUNT.fullmatch(scope.account):
        raise ValueError(f"an account has 12 digits: {scope.account[:80]!r}")
    if not REGION.fullmatch(scope.region):
        raise ValueError(f"no region has such a name: {scope.region[:80]!r}")
    return scope


class Caller(NamedTuple):
    """Who makes a request, and the id that its answer, log lines and findings carry. A tuple: each request makes one.

    `trace_id` is the X-Ray header that came with the request, or what is known of its chain of calls without one.
    `at_once` asks that changes of functions last no longer than they must, whatever the setting `state_delay` says.
    `role` is the ARN of the role that the access key was issued for, "" for a key that only names an account; `held`
    all that is known of a key that was issued here.
    `own` says that a stack of this server asks: it may give tags that are AWS's own. `acting` is the service that asks
    in somebody's name, whose rights are those of `held`. `kept` says that what it asks is on disk until it is answered.
    """

    scope: Scope
    request_id: str
    access_key: str | None = None
    trace_id: str | None = None
    at_once: bool = False
    role: str = ""
    held: Held | None = None
    own: bool = False
    acting: Acting | None = None
    kept: bool = False
