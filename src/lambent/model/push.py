"""What a service sends of its own accord (SNS, EventBridge, schedules, log subscriptions), and how often it tries."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from lambent.model.delivery import Delivery


class RetryPolicy(NamedTuple):
    """At most `attempts` tries in all, none later than `longest` seconds after the first one; `pauses` are the seconds
    before each further try, the last one for all further ones."""

    attempts: int
    longest: float = math.inf
    pauses: tuple[float, ...] = ()


class Push(NamedTuple):
    """One message of a service: `kind` is "sns", "events", "scheduler", "logs" or "iot".

    `dead_letter` is the ARN of the queue that takes what can't be delivered ("" for none), `due` the platform's time
    (seconds since 1970) before which it is not tried, `role` the ARN of the role in whose name it is sent, if in one's.
    `letter` is what that queue gets where it is not the message ("" where it is); of "iot" what its error action sends.
    With `lost` it can't be sent at all, and that is why.
    """

    kind: str
    delivery: Delivery
    policy: RetryPolicy
    dead_letter: str = ""
    due: float = 0.0
    role: str = ""
    letter: str = ""
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Tries:
    """How far a push has come: `accepted`, the first try (`began`, 0 for none yet) and the next one (`due`) are times
    of the platform, `count` says how often it was tried."""

    accepted: float
    due: float
    began: float = 0.0
    count: int = 0


class Waiting(NamedTuple):
    """A push that waits, under a `number` that rises with every push."""

    number: int
    push: Push
    tries: Tries

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.push.delivery.body)
