"""Whether a queue of another account lets a function's role receive its messages: by the queue's policy.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html ("cross-account"): the role's and the
queue's policies must allow it; the role's own are not looked at.
"""

from typing import Any

import orjson

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any


def may_receive(policy: str, account: str, role: str, queue: str, now: float) -> bool:
    """`policy` is JSON, "" for none; `account` the role's, `role` and `queue` are ARNs; `now` is seconds
    since 1970."""
    try:
        said: Any = orjson.loads(policy or "{}")
    except orjson.JSONDecodeError:
        return False
    ask = Ask(resource.caller(account, role), "sqs:ReceiveMessage", queue, keys=of_any(now))
    return isinstance(said, dict) and resource.lets_in(said, ask)
