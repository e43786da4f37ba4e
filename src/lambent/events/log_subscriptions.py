"""Sends a log group's new events to the functions and streams that are subscribed to it.

The log store says what is new a moment after it came; a thread matches and compresses, and what comes of that is a
push: on disk, then delivered at least once. Events that the log itself has lost (with the last moment before a crash)
are lost here, too. Whoever logs faster than that can be done loses events, and a finding says so.
"""

import asyncio
import base64
import json
import logging
import zlib
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from lambent.clock import Clock
from lambent.engine.log_payload import SUBSCRIPTION, Event, Source, control, for_function, payloads
from lambent.events.pushes import AddPushes
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope
from lambent.observe.filterpattern import Match, PatternError, compile_pattern
from lambent.store.errors import StoreError
from lambent.store.resources import Resource, Resources

log = logging.getLogger(__name__)

DAY = 24 * 3_600.0
POLICY = RetryPolicy(10_000, DAY, (1.0, 2.0, 5.0, 10.0, 30.0, 60.0))
"""AWS tries for 24 hours: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"""
BEHIND_BYTES = 64 << 20
"""Of messages that wait for the thread; beyond that, new ones are dropped."""
EVENT_BYTES = 200
AGAIN = 1.0
"""Real seconds until a write that failed is tried again."""


class Subscription(NamedTuple):
    """Who gets what of a group."""

    resource: Resource
    matches: Match
    target: str
    random: bool


class News(NamedTuple):
    """New events of a stream of a group with subscriptions."""

    scope: Scope
    group: str
    stream: str
    events: Sequence[tuple[int, str]]
    first: int
    subscriptions: tuple[Subscription, ...]
    size: int


class LogSubscriptions:
    """`add` takes pushes; `new_id` makes UUIDs."""

    def __init__(
        self,
        resources: Resources,
        clock: Clock,
        add: AddPushes,
        new_id: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        report: Callable[[Finding], None],
    ) -> None:
        self._clock = clock
        self._add = add
        self._new_id = new_id
        self._spawn = spawn
        self._report = report
        self._by_group: dict[tuple[Scope, str], tuple[Subscription, ...]] = {}
        self._news: deque[News] = deque()
        self._behind = 0
        self._count = 0
        self._working = False
        for resource in resources:
            if resource.kind == SUBSCRIPTION:
                self.take(resource)

    def take(self, resource: Resource) -> None:
        """A filter is new or has changed."""
        self.drop(resource)
        said, key = resource.document, (resource.scope, resource.parent)
        try:
            matches = compile_pattern(said["filterPattern"])
        except PatternError as error:  # of an older version, which took it
            log.error("the filter %s of %s does not match anything: %s", resource.name, resource.parent, error)
            return
        random = said.get("distribution") == "Random"
        one = Subscription(resource, matches, said["destinationArn"], random)
        self._by_group[key] = (*self._by_group.get(key, ()), one)

    def drop(self, resource: Resource) -> None:
        """One is gone."""
        key = (resource.scope, resource.parent)
        left = tuple(one for one in self._by_group.get(key, ()) if one.resource.name != resource.name)
        if left:
            self._by_group[key] = left
        else:
            self._by_group.pop(key, None)

    def hear(self, scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """A `Hear` of the log store."""
        subscriptions = self._by_group.get((scope, group))
        if not subscriptions:
            return
        size = sum(len(message) + EVENT_BYTES for _, message in events)
        if self._behind + size > BEHIND_BYTES:
            text = f"{len(events)} log events were not sent to subscriptions: they come faster than they can be sent."
            self._report(Finding("subscription-behind", _arn(scope, group), text))
            return
        self._behind += size
        self._news.append(News(scope, group, stream, events, self._count, subscriptions, size))
        self._count += len(events)
        if not self._working:
            self._working = True
            self._clock.began()
            self._spawn(self._work())

    async def check(self, resource: Resource) -> None:
        """Send a stream what tells that it can be reached. Raises StoreError."""
        payload = control(int(self._clock.wall() * 1000))
        await self._add([_push(resource, resource.name, payload, self._new_id())])

    async def _work(self) -> None:
        try:
            while self._news:
                news = self._news[0]
                pushes = await asyncio.to_thread(_pushes, news, self._new_id)
                await self._add(pushes)
                self._news.popleft()
                self._behind -= news.size
        except StoreError as error:
            log.error("what log groups' subscriptions send can't be written, and is tried again: %s", error)
            asyncio.get_running_loop().call_later(AGAIN, lambda: self._spawn(self._again()))
            return
        finally:
            self._working = False
            self._clock.ended()

    async def _again(self) -> None:
        if self._news and not self._working:
            self._working = True
            self._clock.began()
            await self._work()


def _pushes(news: News, new_id: Callable[[], str]) -> list[Push]:
    """In a thread: matching takes as long as the pattern wants."""
    found = []
    source_number = zlib.crc32(news.stream.encode())
    for one in news.subscriptions:
        events: list[Event] = [
            (f"{at:016d}{source_number:015d}{number:025d}", at, message)
            for number, (at, message) in enumerate(news.events, news.first)
            if one.matches(message)
        ]
        source = Source(news.scope.account, news.group, news.stream, one.resource.name)
        for payload in payloads(source, events):
            unique = new_id()
            found.append(_push(one.resource, unique if one.random else news.stream, payload, unique))
    return found


def _push(resource: Resource, partition: str, payload: bytes, unique: str) -> Push:
    target, arn = resource.document["destinationArn"], _arn(resource.scope, resource.parent)
    function = target.split(":")[2] == "lambda"
    body = for_function(payload) if function else _record(target, partition, payload)
    delivery = Delivery(
        scope=resource.scope,
        target=target,
        body=body,
        function="",
        arn=f"{arn}:*",
        trace_id="",
        unique=unique,
        group="" if function else partition,
        call="" if function else "kinesis:PutRecord",
    )
    return Push("logs", delivery, POLICY, role=resource.document.get("roleArn", ""))


def _record(stream: str, partition: str, payload: bytes) -> bytes:
    data = {"base64": base64.b64encode(payload).decode()}
    return json.dumps({"StreamARN": stream, "PartitionKey": partition[:256], "Data": data}).encode()


def _arn(scope: Scope, group: str) -> str:
    return f"arn:aws:logs:{scope.region}:{scope.account}:log-group:{group}"
