"""What is sent to another service when an event has ended, and what happens when it can't be."""

from dataclasses import dataclass, field

from lambent.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to `target`, an ARN, as the account and region of the function.

    `body` is JSON. `attributes` are message attributes of SQS and SNS: name -> (data type, value). `function` is the
    function's name, `arn` its ARN as records say it, `detail_type` what an event bus gets beside the body, `trace_id`
    the trace header that goes along. `unique` (a UUID) and `now` (seconds since 1970) name an object in a bucket.
    """

    scope: Scope
    target: str
    body: bytes
    function: str
    arn: str
    trace_id: str
    unique: str
    now: float
    detail_type: str = ""
    attributes: dict[str, tuple[str, str]] = field(default_factory=dict)


class DeliveryFailed(Exception):
    """A message was not taken; `passing` when it may be another time."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
