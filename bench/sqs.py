"""Queues: messages a second, sent, and received and deleted, ten at once, beside moto's server.

Lambent's are on disk before they are acknowledged; moto's are in memory.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from time import perf_counter

from bench.client import PATIENCE, BenchError, Caller, Endpoint
from bench.control import moto
from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name

CONNECTIONS = 4
BATCH = 10
BODY = "x" * 200
GOAL = Goal(2_000, at_least=True)
SHARE_OF_MOTO = 20
"""One message in so many is enough for moto: it takes about a tenth of a second for ten."""


class Queue:
    """One queue of one endpoint, by the plain client."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.url = ""

    async def call(self, caller: Caller, operation: str, **params: object) -> dict[str, object]:
        """One operation in the JSON protocol."""
        return (await caller.call(self.request(operation, **params))).json()

    def request(self, operation: str, **params: object) -> bytes:
        """The same, to be sent."""
        if self.url:
            params["QueueUrl"] = self.url
        headers = f"X-Amz-Target: AmazonSQS.{operation}\r\n"
        request = self.endpoint.request("POST", "/", json.dumps(params).encode(), headers, "sqs")
        # moto knows the protocol by this type alone.
        return request.replace(b"Content-Type: application/json", b"Content-Type: application/x-amz-json-1.0", 1)

    async def send(self, caller: Caller) -> int:
        """Ten messages; how many were taken."""
        entries = [{"Id": str(at), "MessageBody": BODY} for at in range(BATCH)]
        return _length((await self.call(caller, "SendMessageBatch", Entries=entries)).get("Successful"))

    async def receive(self, caller: Caller) -> int:
        """Up to ten messages, received and deleted; how many there were."""
        messages = (await self.call(caller, "ReceiveMessage", MaxNumberOfMessages=BATCH)).get("Messages")
        if not isinstance(messages, list) or not messages:
            return 0
        entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(messages)]
        return _length((await self.call(caller, "DeleteMessageBatch", Entries=entries)).get("Successful"))


def _length(found: object) -> int:
    if not isinstance(found, list):
        raise BenchError("a batch without a result")
    return len(found)


async def measure(lab: Lab) -> list[Figure]:
    """Messages a second on each side: first all are sent, then all are received and deleted."""
    lab.say("queues")
    ours = await _side(lab.lambent, lab.effort.messages)
    with moto() as (endpoint, _):
        reference = await _side(endpoint, lab.effort.messages // SHARE_OF_MOTO)
    peer = await _side(lab.peer, lab.effort.messages) if lab.peer is not None else (None, None)
    names = ("SQS: sent, 10 at once", "SQS: received and deleted, 10 at once")
    return [
        Figure(name, "/s", mine, theirs, others, GOAL)
        for name, mine, theirs, others in zip(names, ours, reference, peer, strict=True)
    ]


async def _side(endpoint: Endpoint, messages: int) -> tuple[float, float]:
    queue = Queue(endpoint)
    callers = [Caller(endpoint) for _ in range(CONNECTIONS)]
    try:
        made = await queue.call(callers[0], "CreateQueue", QueueName=fresh_name())
        queue.url = str(made["QueueUrl"])
        sent = await rate(callers, queue.send, messages)
        received = await rate(callers, queue.receive, messages)
        await queue.call(callers[0], "DeleteQueue")
    finally:
        for caller in callers:
            caller.close()
    return sent, received


async def rate(callers: list[Caller], step: Callable[[Caller], Awaitable[int]], messages: int) -> float:
    """Messages a second, when every connection does the next step as soon as it has done the last."""
    left = messages
    found = perf_counter()

    async def work(caller: Caller) -> None:
        nonlocal left, found
        while left > 0:
            done = await step(caller)
            left -= done
            found = perf_counter() if done else found
            if perf_counter() - found > PATIENCE:
                raise BenchError(f"{left} messages are not to be found")

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(work(caller))
    return (messages - left) / (perf_counter() - began)
