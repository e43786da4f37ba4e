"""What is sent to a service, and what happens when it can't be."""

from dataclasses import dataclass, field

from lambent.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to `target`, an ARN, as the account and region of who sends it.

    `arn` is the sender's, of a function as records say it; `function` is its name. `attributes` are message attributes
    of SQS and SNS: name -> (data type, value), a binary value in Base64. `detail_type` is what an event bus gets beside
    the body, `trace_id` the trace header that goes along ("" for none). `group` and `deduplication` are of FIFO queues.
    `unique` (a UUID) and `now` (seconds since 1970) name an object in a bucket.
    """

    scope: Scope
    target: str
    body: bytes
    function: str
    arn: str
    trace_id: str
    unique: str = ""
    now: float = 0.0
    detail_type: str = ""
    attributes: dict[str, tuple[str, str]] = field(default_factory=dict)
    group: str = ""
    deduplication: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that a service of the neighbour's sends.

    `through` are the services that it came through, the sending one last; `dead_letter` is the ARN of the queue that
    takes what can't be delivered ("" for none). With a `problem`, that is why the neighbour can't send it at all.
    """

    delivery: Delivery
    through: tuple[str, ...]
    dead_letter: str = ""
    problem: str = ""


class DeliveryFailed(Exception):
    """A message was not taken; `passing` when it may be another time."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
