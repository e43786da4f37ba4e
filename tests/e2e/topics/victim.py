"""A process full of publishers, which is killed: python -m tests.e2e.topics.victim FOLDER FIRST SEED [drain].

It publishes numbered messages to a standard and a FIFO topic and says which were acknowledged, a number a line. What is
delivered is a line in FOLDER/plain or FOLDER/fifo; every fifth try fails for a reason that may pass. With `drain` it
publishes nothing, and ends when nothing waits.
"""

import asyncio
import functools
import itertools
import os
import random
import sys
import time
import uuid
from pathlib import Path

from lambent.background import Background
from lambent.clock import Clock
from lambent.events.pushes import Pushes, Ways
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.store.open import open_store
from lambent.store.pushes import PushStore
from lambent.topics import messages
from lambent.topics.publishing import Ports, Publisher
from lambent.topics.records import Topic
from lambent.topics.registry import Registry

HERE = Scope("111111111111", "us-east-1")
PUBLISHERS = 8
SCALE = 50.0
"""The clock goes so fast: pauses between tries are short."""


class Taken:
    """Takes what is delivered, or not."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._files = {name: os.open(folder / name, flags) for name in ("plain", "fifo")}
        self._chance = chance

    async def send(self, delivery: Delivery) -> None:
        """A line in the file of its queue."""
        await asyncio.sleep(self._chance.random() / 200)
        if self._chance.random() < 0.2:
            raise DeliveryFailed("busy", passing=True)
        name = "fifo" if delivery.target.endswith(".fifo") else "plain"
        os.write(self._files[name], delivery.body + b"\n")


async def topics(registry: Registry) -> tuple[Topic, Topic]:
    """The standard one and the FIFO one, each with a queue."""
    made = []
    for name, attributes in (("t", {}), ("t.fifo", {"ContentBasedDeduplication": "true"})):
        topic = await registry.create_topic(HERE, name, attributes, {})
        document = {
            "protocol": "sqs", "endpoint": f"arn:aws:sqs:us-east-1:111111111111:q{name[1:]}", "owner": HERE.account,
            "principal": "", "attributes": {"RawMessageDelivery": "true"}, "pending": False, "authenticated": True,
            "guarded": False, "token": "", "asked": 0.0,
        }  # fmt: skip
        await registry.subscribe(topic.arn, document)
        made.append(topic)
    return made[0], made[1]


async def publish(publisher: Publisher, both: tuple[Topic, Topic], numbers: "itertools.count[int]") -> None:
    """One message after another, until the end."""
    while True:
        number = next(numbers)
        topic = both[number % 2]
        params = {"Message": str(number)} | ({"MessageGroupId": "g"} if topic.is_fifo else {})
        await publisher.publish(topic, [messages.checked(topic, params)])
        os.write(1, b"%d\n" % number)


async def main(folder: Path, first: int, seed: int, *, drain: bool) -> None:
    store = await open_store(folder / "data")
    background = Background()
    taken = Taken(folder, random.Random(seed))
    push_store = PushStore(store.database)
    clock = Clock(SCALE)
    pushes = Pushes(push_store, clock, Ways(taken.send), lambda _finding: None, background.spawn)
    await pushes.open()
    await pushes.resume()
    registry = Registry(store.resources, lambda: str(uuid.uuid4()))
    sequence = itertools.count(time.time_ns() // 1_000)
    ports = Ports(
        pushes.add, lambda _envelope, _version: "", time.time, lambda: str(uuid.uuid4()),
        functools.partial(next, sequence), "", str,
    )  # fmt: skip
    if not drain:
        numbers = itertools.count(first)
        both = await topics(registry)
        publisher = Publisher(registry, ports)
        await asyncio.gather(*(publish(publisher, both, numbers) for _ in range(PUBLISHERS)))
    while await push_store.lanes(clock.wall()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await pushes.close()
    await store.close()


if __name__ == "__main__":
    where, begin, chance = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    asyncio.run(main(where, begin, chance, drain="drain" in sys.argv[4:]))
