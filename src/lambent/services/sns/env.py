"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.model.trace import Segment
from lambent.topics.errors import invalid
from lambent.topics.names import topic_of
from lambent.topics.publishing import Publisher
from lambent.topics.records import Topic
from lambent.topics.registry import Registry


@dataclass(frozen=True, slots=True)
class SnsEnv:
    """The ports of the SNS operations. `exists` answers whether an ARN leads to a queue or function; `principal` who a
    caller is, an ARN; `token` makes a subscription's token; `withdraw` takes findings back (resource, code). `record`
    takes a topic's segments, `may_trace` tells whether SNS may send them to its account."""

    registry: Registry
    publisher: Publisher
    clock: Callable[[], float]
    exists: Callable[[str], Awaitable[bool]]
    principal: Callable[[Caller], str]
    token: Callable[[], str]
    report: Callable[[Finding], None]
    withdraw: Callable[[str, str], None]
    record: Callable[[Segment], None] = lambda _segment: None
    may_trace: Callable[[Topic], bool] = lambda _topic: False

    def topic(self, caller: Caller, arn: str | None, parameter: str = "TopicArn") -> Topic:
        """The topic of a request, in the region that was asked. Raises TopicError."""
        said = topic_of(arn or "", parameter)
        if caller.access_key is not None and said.split(":")[3] != caller.scope.region:
            raise invalid(parameter)
        return self.registry.topic(said)
