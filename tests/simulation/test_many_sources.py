"""1,000 shards and 10,000 queues in virtual time, with functions that fail, throttle and crash, and readers that end.

What decides is the server's own; functions, time and the disk are made up. Whatever happens: what arrived is done, or
given up and told of; what belongs to one key or group is done in its order; a lane, a group and a mapping run no more
at once than they may; a reader that begins anew misses nothing.
"""

import heapq
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from lambent.engine import poller_scaling
from lambent.engine.batching import Batch
from lambent.engine.queue import Queue, Standing
from lambent.engine.queue import Rules as QueueRules
from lambent.engine.queue_message import Message
from lambent.engine.shard import Record, Rules, Shard, Work

SHARDS, RECORDS = 1_000, 25
QUEUES, MESSAGES = 10_000, 4
LOAD_SECONDS = 60.0
END_SECONDS = 36_000.0
VISIBILITY = 30.0
MOST_RECEIVES = 20


class World:
    """Virtual time: what is to happen, in order."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(when, self.now), next(self._numbers), what))

    def run(self) -> None:
        while self._events and self._events[0][0] <= END_SECONDS:
            self.now, _, what = heapq.heappop(self._events)
            what()


@dataclass
class ShardReader:
    """One shard with a mapping, whose reader ends now and then and begins at its checkpoint."""

    world: World
    rules: Rules
    there: list[Record] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    reached: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    checkpoint: str = ""
    lives: int = 1

    def __post_init__(self) -> None:
        self.engine = Shard(self.rules)
        self.running: Counter[int] = Counter()
        chance = self.world.chance
        moments = sorted(chance.uniform(0, LOAD_SECONDS) for _ in range(RECORDS))
        for number, moment in enumerate(moments):
            self.world.at(moment, lambda number=number: self.arrive(number))  # type: ignore[misc]
        self.world.at(chance.uniform(0, LOAD_SECONDS), self.die)

    def arrive(self, number: int) -> None:
        record = Record(f"{number:06d}", f"k{number % 7}", self.world.now, 100, passes=number % 11 != 10)
        self.there.append(record)
        self.engine.arrive([record], self.world.now)
        self.turn(self.lives)

    def die(self) -> None:
        """kill -9: what runs is forgotten, what is behind the checkpoint is read again."""
        self.lives += 1
        self.engine = Shard(self.rules, self.checkpoint)
        self.engine.arrive([one for one in self.there if one.sequence > self.checkpoint], self.world.now)
        self.turn(self.lives)

    def turn(self, life: int) -> None:
        if life != self.lives:
            return
        engine, world = self.engine, self.world
        for work in engine.take(world.now):
            assert len({one.key for one in work.records}) <= 7
            world.at(world.now + world.chance.expovariate(2.0), lambda work=work: self.end(life, work))  # type: ignore[misc]
        assert engine.running <= self.rules.lanes
        self.settle()
        if engine.held and not engine.running:
            world.at(engine.due(), lambda: self.turn(life))

    def end(self, life: int, work: Work) -> None:
        if life != self.lives:
            return  # it ran in a server that was killed: what it did counts, nobody was told
        chance = self.world.chance.random()
        if chance < 0.1:
            self.engine.postponed(work, self.world.now)
        elif chance < 0.3:
            self.engine.failed(work, self.world.now)
        elif chance < 0.4:
            lowest = self.world.chance.choice(work.records)
            self.handle([one for one in work.records if one.sequence < lowest.sequence])
            self.engine.failed(work, self.world.now, lowest.sequence)
        else:
            self.handle(work.records)
            self.engine.succeeded(work)
        self.turn(life)

    def handle(self, records: list[Record]) -> None:
        for one in records:
            first = not self.done[one.sequence]
            assert not first or self.reached[one.key] < one.sequence, "a later record of its key was done before"
            self.done[one.sequence] += 1
            self.reached[one.key] = max(self.reached[one.key], one.sequence)

    def settle(self) -> None:
        """What the reader writes: first what is given up, then the checkpoint."""
        self.given_up += [one.sequence for gone in self.engine.discarded for one in gone.records]
        self.engine.discarded.clear()
        assert self.engine.checkpoint >= self.checkpoint
        self.checkpoint = self.engine.checkpoint

    def check(self) -> None:
        assert self.engine.held == 0 and self.checkpoint == self.there[-1].sequence
        for one in self.there:
            assert not one.passes or self.done[one.sequence] or one.sequence in self.given_up, one


def test_a_thousand_shards() -> None:
    world = World(11)
    chance = world.chance
    readers = [
        ShardReader(
            world,
            Rules(
                chance.randrange(1, 20),
                window=chance.choice([0.0, 0.0, 5.0]),
                lanes=chance.choice([1, 1, 2, 10]),
                maximum_retries=chance.choice([-1, 0, 3]),
                maximum_age=chance.choice([-1, -1, 60]),
                bisects=chance.random() < 0.5,
            ),
        )
        for _ in range(SHARDS)
    ]
    world.run()
    for reader in readers:
        reader.check()
    again = sum(count - 1 for reader in readers for count in reader.done.values())
    assert sum(reader.lives for reader in readers) == 2 * SHARDS and again > 0, "what was killed is done again"


@dataclass
class QueueReader:
    """One queue with a mapping."""

    world: World
    fifo: bool
    most: int
    size: int
    done: Counter[int] = field(default_factory=Counter)
    dead: list[int] = field(default_factory=list)
    reached: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    groups: set[str] = field(default_factory=set)
    running: int = 0
    woken: float = 0.0

    def __post_init__(self) -> None:
        self.core = Queue(QueueRules(fifo=self.fifo))
        self.scaling = poller_scaling.begin(0.0, self.most)
        for seq in range(1, MESSAGES + 1):
            moment = self.world.chance.uniform(0, LOAD_SECONDS)
            self.world.at(seq if self.fifo else moment, lambda seq=seq: self.arrive(seq))  # type: ignore[misc]

    def arrive(self, seq: int) -> None:
        group = f"g{seq % 2}" if self.fifo else ""
        self.core.arrive([Message(seq, self.world.now, group)], self.world.now)
        self.turn()

    def turn(self) -> None:
        now = self.world.now
        self.core.advance(now)
        self.scaling = poller_scaling.grow(self.scaling, now, self.running >= self.scaling.places)
        while self.running < self.scaling.places:
            found = self.core.receive(now, self.size, VISIBILITY, MOST_RECEIVES)
            for one in found.exhausted:
                self.dead.append(one.seq)
                self.core.remove(one.seq)
            if not found.taken:
                break
            self.begin([(one.seq, one.receives, one.group) for one in found.taken])
        due = self.core.next_due()
        if due is not None and due != self.woken:
            self.woken = due
            self.world.at(due, self.turn)

    def begin(self, taken: list[tuple[int, int, str]]) -> None:
        batch: Batch[tuple[int, int, str]] = Batch(self.size, 0.0)
        for one in taken:
            assert batch.takes(100)
            batch.add(one, 100, self.world.now)
        groups = {group for *_, group in batch.records if group}
        assert not groups & self.groups, "a group runs once at a time"
        self.groups |= groups
        self.running += 1
        assert self.running <= self.most
        self.world.at(self.world.now + self.world.chance.expovariate(1.0), lambda: self.end(batch.records))

    def end(self, records: list[tuple[int, int, str]]) -> None:
        self.running -= 1
        self.groups -= {group for *_, group in records}
        chance = self.world.chance.random()
        self.core.advance(self.world.now)
        if chance < 0.3:
            self.scaling = poller_scaling.failed(self.scaling)
        elif chance > 0.35:  # else: killed; nothing is deleted
            self.scaling = poller_scaling.succeeded(self.scaling)
            for seq, receives, group in records:
                assert not group or self.done[seq] or self.reached[group] < seq, "a later one of its group was done"
                self.reached[group] = max(self.reached[group], seq)
                self.done[seq] += 1
                if self.core.standing(seq, receives) is Standing.HELD:
                    self.core.remove(seq)
        self.turn()


def test_ten_thousand_queues() -> None:
    world = World(12)
    chance = world.chance
    readers = [
        QueueReader(world, fifo=number % 2 == 0, most=chance.choice([2, 5, 1_000]), size=chance.randrange(1, 11))
        for number in range(QUEUES)
    ]
    world.run()
    for reader in readers:
        assert len(reader.core) == 0 and reader.running == 0
        assert set(reader.done) | set(reader.dead) == set(range(1, MESSAGES + 1))
