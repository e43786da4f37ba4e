"""Queues for the rest of the server: by ARN, with the same promises as for everybody else.

`send` comes back when the message is on disk. Everything raises Fault for what AWS would refuse, and Fault
ServiceUnavailable when the disk does.
"""

from collections.abc import Mapping, Sequence

from lambent.model.limits import Limits
from lambent.services.sqs import attributes, faults, sending
from lambent.services.sqs.config import Config
from lambent.services.sqs.content import Attributes
from lambent.services.sqs.messages import Delivery, Messages
from lambent.services.sqs.outgoing import TRACE, Outgoing
from lambent.services.sqs.registry import Registry
from lambent.services.sqs.sending import Sent
from lambent.wire.fault import Fault


class Queues:
    """The queues of all accounts and regions."""

    def __init__(self, registry: Registry, messages: Messages, limits: Limits) -> None:
        self.registry = registry
        self.messages = messages
        self.limits = limits

    def find(self, arn: str) -> Config:
        """The queue of an ARN. Raises Fault (QueueDoesNotExist)."""
        found = self.registry.by_arn(arn)
        if found is None:
            raise faults.no_queue()
        return found

    async def send(
        self,
        arn: str,
        body: str,
        attributes: Attributes | None = None,
        *,
        delay: int | None = None,
        group: str | None = None,
        deduplication: str | None = None,
        sender: str = "",
        trace: str = "",
    ) -> Sent:
        """Send one message. `attributes` are as boto3 has them; `trace` becomes the AWSTraceHeader."""
        system = {TRACE: {"DataType": "String", "StringValue": trace}} if trace else {}
        one = Outgoing(body, attributes or {}, system, delay, group, deduplication, sender)
        outcome = (await self.send_all(self.find(arn), [one]))[0]
        if isinstance(outcome, Fault):
            raise outcome
        return outcome

    async def send_all(self, queue: Config, asked: Sequence[Outgoing]) -> list[Sent | Fault]:
        """Send each message, or say why not."""
        with faults.worded():
            return await sending.send(self.messages, self.limits, queue, asked)

    async def receive(
        self, arn: str, most: int = 10, wait: float = 0.0, visibility: float | None = None
    ) -> list[Delivery]:
        """Up to `most` messages (any number), waiting up to `wait` seconds for the first.

        They are invisible for `visibility` seconds, by default the queue's own timeout.
        """
        queue = self.find(arn)
        with faults.worded():
            return await self.messages.receive(
                queue, most, wait, queue.visibility if visibility is None else visibility
            )

    async def delete(self, arn: str, handles: Sequence[str]) -> list[Exception | None]:
        """Delete the messages of receipts; what was wrong with each."""
        with faults.worded():
            return await self.messages.delete(self.find(arn), handles)

    async def change_visibility(self, arn: str, changes: Mapping[str, int]) -> list[Exception | None]:
        """Change when messages turn visible (seconds from now by receipt); what was wrong with each."""
        with faults.worded():
            return await self.messages.change_visibility(self.find(arn), list(changes.items()))

    async def attributes(self, arn: str, names: set[str] | None = None) -> dict[str, str]:
        """A queue's attributes, by default all."""
        return await self.shown(self.find(arn), names or {"All"})

    async def shown(self, queue: Config, names: set[str]) -> dict[str, str]:
        """The attributes asked for that the queue has."""
        with faults.worded():
            live = await self.messages.live(queue)
        live.core.advance(self.messages.clock.wall())
        return attributes.shown(queue, live.core, names)
