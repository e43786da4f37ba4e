"""Queues for the rest of the server: by ARN, with the same promises as for everybody else.

`send` comes back when the message is on disk. What receives and deletes here ends with this server: a power cut may
bring messages back that it had handled. Everything raises QueueError for what AWS would refuse, and QueueError
ServiceUnavailable when the disk does.
"""

from collections.abc import Mapping, Sequence

from lambent.model.limits import Limits
from lambent.queues import attributes, errors, sending
from lambent.queues.config import Config
from lambent.queues.content import Attributes
from lambent.queues.errors import QueueError
from lambent.queues.messages import Delivery, Messages
from lambent.queues.outgoing import TRACE, Outgoing
from lambent.queues.registry import Registry
from lambent.queues.sending import Sent


class Queues:
    """The queues of all accounts and regions."""

    def __init__(self, registry: Registry, messages: Messages, limits: Limits) -> None:
        self.registry = registry
        self.messages = messages
        self.limits = limits

    def find(self, arn: str) -> Config:
        """The queue of an ARN. Raises QueueError (QueueDoesNotExist)."""
        found = self.registry.by_arn(arn)
        if found is None:
            raise errors.no_queue()
        return found

    def waiting(self, arn: str) -> int:
        """How many messages a queue has that could be received now; 0 for one that nobody has used yet."""
        queue = self.registry.by_arn(arn)
        return self.messages.ready(queue) if queue is not None else 0

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
        if isinstance(outcome, QueueError):
            raise outcome
        return outcome

    async def send_all(
        self, queue: Config, asked: Sequence[Outgoing], *, light: bool = False
    ) -> list[Sent | QueueError]:
        """Send each message, or say why not. `light` ones do not wait for the disk (`GroupCommit.write`)."""
        with errors.worded():
            outcomes = await sending.send(self.messages, self.limits, queue, asked, light=light)
        sent = [one.size for one, said in zip(asked, outcomes, strict=True) if not isinstance(said, QueueError)]
        self.messages.tally.sent(queue, sent)
        return outcomes

    async def receive(
        self, arn: str, most: int = 10, wait: float = 0.0, visibility: float | None = None
    ) -> list[Delivery]:
        """Up to `most` messages (any number), waiting up to `wait` seconds for the first.

        They are invisible for `visibility` seconds, by default the queue's own timeout.
        """
        queue = self.find(arn)
        with errors.worded():
            return await self.messages.receive(
                queue, most, wait, queue.visibility if visibility is None else visibility, light=True
            )

    async def wait(self, arn: str, seconds: float) -> bool:
        """Until a receive may find something; False when there was nothing for so long. Takes nothing itself."""
        queue = self.find(arn)
        with errors.worded():
            live = await self.messages.live(queue)
        return await live.wait(self.messages.clock.monotonic() + seconds)

    async def delete(self, arn: str, handles: Sequence[str]) -> list[Exception | None]:
        """Delete the messages of receipts; what was wrong with each."""
        with errors.worded():
            return await self.messages.delete(self.find(arn), handles, light=True)

    async def change_visibility(self, arn: str, changes: Mapping[str, int]) -> list[Exception | None]:
        """Change when messages turn visible (seconds from now by receipt); what was wrong with each."""
        with errors.worded():
            return await self.messages.change_visibility(self.find(arn), list(changes.items()))

    async def attributes(self, arn: str, names: set[str] | None = None) -> dict[str, str]:
        """A queue's attributes, by default all."""
        return await self.shown(self.find(arn), names or {"All"})

    async def shown(self, queue: Config, names: set[str]) -> dict[str, str]:
        """The attributes asked for that the queue has."""
        with errors.worded():
            live = await self.messages.live(queue)
            await self.messages.refill(live)
        return attributes.shown(queue, live.core, names)
