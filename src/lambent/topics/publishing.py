"""From a message to what is pushed to each subscription.

A message is acknowledged when all its pushes are on disk (`events.pushes`).
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy
from lambent.topics import delivery_policy, envelopes, subscribing
from lambent.topics.deduplication import Deduplication, Key, Sent
from lambent.topics.envelopes import Envelope
from lambent.topics.messages import Message
from lambent.topics.names import FIFO
from lambent.topics.records import Subscription, Topic
from lambent.topics.registry import Registry

SEQUENCE = 10_000_000_000_000_000_000
STEP = 1_000
"""Sequence numbers have 20 digits, and rise by a thousand."""
KIND = "sns"
AT_ONCE_BYTES = 8 << 20
"""What a message to many subscriptions takes in memory."""

AddPushes = Callable[[Sequence[Push]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ports:
    """`sign` signs an envelope in a version; `url` is the endpoint; `certificate` answers the URL of the certificate;
    `now` is the platform's clock; `numbers` answers ever higher numbers, also after a restart."""

    add: AddPushes
    sign: Callable[[Envelope, str], str]
    now: Callable[[], float]
    new_id: Callable[[], str]
    numbers: Callable[[], int]
    url: str
    certificate: Callable[[], str]


@dataclass(slots=True)
class _Said:
    """A message on its way: its envelopes by text, each signed once."""

    topic: Topic
    message: Message
    message_id: str
    sequence: str
    at: float
    signed: dict[str, Envelope] = field(default_factory=dict)


class Publisher:
    """Publishes to topics."""

    def __init__(self, registry: Registry, ports: Ports) -> None:
        self._registry = registry
        self._ports = ports
        self._known = Deduplication()

    async def publish(self, topic: Topic, messages: Sequence[Message], trace_id: str = "") -> list[Sent]:
        """Come back when they are on disk, in their order. Raises StoreError: then they are not acknowledged, and those
        of a FIFO topic are not sent."""
        if topic.is_fifo:
            return await self._publish_ordered(topic, messages, trace_id)
        now = self._ports.now()
        told = [Sent(self._ports.new_id(), "") for _ in messages]
        pushes: list[Push] = []
        size = 0
        for message, sent in zip(messages, told, strict=True):
            for push in self._pushes(_Said(topic, message, sent.message_id, "", now), trace_id):
                pushes.append(push)
                size += len(push.delivery.body)
                if size > AT_ONCE_BYTES:
                    await self._ports.add(pushes)
                    pushes, size = [], 0
        await self._ports.add(pushes)
        return told

    async def _publish_ordered(self, topic: Topic, messages: Sequence[Message], trace_id: str) -> list[Sent]:
        for message in messages:
            await self._known.wait(_key(topic, message))
        now = self._ports.now()  # from here on nothing waits until all is handed over: it stays in order
        told: list[Sent] = []
        pushes: list[Push] = []
        fresh: list[tuple[Key, Sent]] = []
        for message in messages:
            key = _key(topic, message)
            known = self._known.find(key, now)
            told.append(known or Sent(self._ports.new_id(), str(SEQUENCE + self._ports.numbers() * STEP)))
            if known is None:
                self._known.add(key, told[-1], now)
                fresh.append((key, told[-1]))
                pushes += self._pushes(_Said(topic, message, told[-1].message_id, told[-1].sequence, now), trace_id)
        try:
            await self._ports.add(pushes)
        except BaseException:
            for key, sent in fresh:
                self._known.forget(key, sent)
            raise
        finally:
            for _, sent in fresh:
                sent.settled.set()
        return told

    async def ask(self, topic: Topic, subscription: Subscription, kind: str) -> None:
        """Send a subscriber a SubscriptionConfirmation or an UnsubscribeConfirmation. Raises StoreError."""
        ports = self._ports
        subject = topic.arn if kind == "SubscriptionConfirmation" else subscription.arn
        token = subscription.document["token"]
        said = envelopes.asking(kind, ports.new_id(), topic.arn, token, ports.url, ports.now(), subject)
        envelope = self._signed(topic, said)
        arn = subscription.arn if kind == "UnsubscribeConfirmation" else ""
        attributes = {}
        if subscription.protocol in subscribing.WEB:
            attributes = _as_headers(envelopes.headers(envelope, arn, delivery_policy.CONTENT_TYPE, raw=False))
        delivery = Delivery(
            topic.scope,
            subscription.endpoint,
            _bytes(envelopes.written(envelope)),
            "",
            topic.arn,
            "",
            attributes=attributes,
        )
        await ports.add([Push(KIND, delivery, _policy(topic, subscription))])

    def _pushes(self, said: _Said, trace_id: str) -> Iterable[Push]:
        for one in self._registry.subscriptions(said.topic.arn):
            if one.pending:
                continue
            wanted = one.filter
            if wanted is None or wanted.matches(said.message.for_protocol(one.protocol), said.message.attributes):
                yield self._push(said, one, trace_id)

    def _push(self, said: _Said, one: Subscription, trace_id: str) -> Push:
        text = said.message.for_protocol(one.protocol)
        body, attributes = _FORMS[one.protocol](self, said, one, text)
        group, deduplication = _grouped(said, one)
        delivery = Delivery(
            said.topic.scope,
            one.endpoint,
            _bytes(body),
            "",
            said.topic.arn,
            trace_id,
            attributes=attributes,
            group=group,
            deduplication=deduplication,
        )
        return Push(KIND, delivery, _policy(said.topic, one), subscribing.dead_letters(one.attributes))

    def _to_function(self, said: _Said, one: Subscription, text: str) -> "Form":
        event = envelopes.function_event(one.arn, self._envelope(said, one, text), said.message.attributes)
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")), {}

    def _to_queue(self, said: _Said, one: Subscription, text: str) -> "Form":
        if one.is_raw:
            return text, {name: (said["Type"], said["Value"]) for name, said in said.message.attributes.items()}
        return envelopes.written(self._envelope(said, one, text)), {}

    def _to_web(self, said: _Said, one: Subscription, text: str) -> "Form":
        policy = delivery_policy.of_subscription(
            one.attributes.get("DeliveryPolicy"), said.topic.attributes.get("DeliveryPolicy")
        )
        envelope = self._envelope(said, one, text)
        headers = envelopes.headers(envelope, one.arn, policy["requestPolicy"]["headerContentType"], raw=one.is_raw)
        return text if one.is_raw else envelopes.written(envelope), _as_headers(headers)

    def _envelope(self, said: _Said, one: Subscription, text: str) -> Envelope:
        base = said.signed.get(text)
        if base is None:
            base = said.signed[text] = self._base(said, text)
        last = {"MessageAttributes": said.message.attributes} if said.message.attributes else {}
        return {**base, "UnsubscribeURL": envelopes.unsubscribe_url(self._ports.url, one.arn), **last}

    def _base(self, said: _Said, text: str) -> Envelope:
        """What an envelope says to everybody."""
        found: Envelope = {"Type": "Notification", "MessageId": said.message_id}
        if said.sequence:
            found["SequenceNumber"] = said.sequence
        found["TopicArn"] = said.topic.arn
        if said.message.subject:
            found["Subject"] = said.message.subject
        found |= {"Message": text, "Timestamp": envelopes.timestamp(said.at)}
        return found if said.sequence else self._signed(said.topic, found)

    def _signed(self, topic: Topic, envelope: Envelope) -> Envelope:
        version = topic.attributes.get("SignatureVersion", "1")
        signature = self._ports.sign(envelope, version)
        return {
            **envelope,
            "SignatureVersion": version,
            "Signature": signature,
            "SigningCertURL": self._ports.certificate(),
        }


Form = tuple[str, dict[str, tuple[str, str]]]
"""A body, and message attributes or headers."""
_FORMS: dict[str, Callable[[Publisher, _Said, Subscription, str], Form]] = {
    "lambda": Publisher._to_function,
    "sqs": Publisher._to_queue,
    **dict.fromkeys(subscribing.WEB, Publisher._to_web),
}
"""By protocol; subscriptions of others stay pending."""


def _key(topic: Topic, message: Message) -> Key:
    by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
    return topic.arn, message.group if by_group else "", message.deduplication


def _grouped(said: _Said, one: Subscription) -> tuple[str, str]:
    """The group and the deduplication id that go along: a FIFO topic's to FIFO queues, a standard one's group to
    standard queues (fair queues)."""
    if one.protocol != "sqs" or said.topic.is_fifo != one.endpoint.endswith(FIFO):
        return "", ""
    return said.message.group, said.message.deduplication


def _policy(topic: Topic, one: Subscription) -> RetryPolicy:
    if one.protocol not in subscribing.WEB:
        return MANAGED
    policy = delivery_policy.of_subscription(
        one.attributes.get("DeliveryPolicy"), topic.attributes.get("DeliveryPolicy")
    )
    return delivery_policy.web(policy["healthyRetryPolicy"])


MANAGED = delivery_policy.managed()


def _as_headers(headers: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {name: ("String", value) for name, value in headers.items()}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
