"""What is sent to a service, and what happens when it can't be."""

from collections.abc import Mapping
from typing import NamedTuple

from lambent.model.scope import Scope

NO_ATTRIBUTES: Mapping[str, tuple[str, str]] = {}


class Delivery(NamedTuple):
    """One message to `target`, an ARN or a URL, as the account and region of who sends it.

    `arn` is the sender's, of a function as records say it; `function` is its name. `attributes` are message attributes
    of SQS and SNS: name -> (data type, value), a binary value in Base64;
    for a URL they are headers. `detail_type` is what an event bus gets beside
    the body, `trace_id` the trace header that goes along ("" for none). `group` and `deduplication` are of FIFO queues.
    `source` is the service that events on a bus are of, where that is not Lambda, `subject` the title of a message to a
    topic.
    `call` is an operation ("sqs:SendMessage") that is asked for instead, with the parameters that the body is (JSON).
    `kept` says that the sender has it on disk until after it has arrived: who takes it need not wait for the disk.
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
    attributes: Mapping[str, tuple[str, str]] = NO_ATTRIBUTES
    group: str = ""
    deduplication: str = ""
    source: str = ""
    subject: str = ""
    call: str = ""
    kept: bool = False


class DeliveryFailed(Exception):
    """A message was not taken; `passing` when it may be another time. `code` is the service's error code."""

    def __init__(self, reason: str, *, passing: bool, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.code = code
