"""Messages beyond the horizon stay on disk and are counted; nothing is lost or seen twice on the way in."""

import random

import pytest

from lambent.engine import queue as engine
from lambent.engine.queue import Queue, Rules
from lambent.engine.queue_message import Message, Place


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "HORIZON", 10)


def messages(*seqs: int, visible: float = 0.0) -> list[Message]:
    return [Message(seq, 1.0, visible=visible) for seq in seqs]


def held(queue: Queue) -> list[int]:
    return [one.seq for one in queue.messages()]


def test_what_comes_behind_the_horizon_is_counted_and_loaded_when_little_is_left() -> None:
    queue = Queue(Rules())
    queue.arrive(messages(*range(1, 26)), 1.0)
    assert (held(queue), queue.count(Place.READY), queue.edge) == (list(range(1, 11)), 25, 10)
    assert not queue.wants() and queue.available()
    taken = queue.receive(1.0, 6, 30).taken
    assert [one.seq for one in taken] == [1, 2, 3, 4, 5, 6] and queue.wants()
    queue.load(messages(*range(11, 16)), 1.0)
    assert (queue.count(Place.READY), queue.edge, queue.wants()) == (19, 15, False)


def test_nothing_is_left_when_a_load_finds_nothing() -> None:
    queue = Queue(Rules())
    queue.leave_behind(5, 3)
    assert queue.wants() and queue.available()
    queue.load((), 1.0)
    assert not queue.wants() and queue.count(Place.READY) == 0 and not queue.available()


def test_a_message_that_comes_late_with_a_number_below_the_edge_is_held() -> None:
    queue = Queue(Rules())
    queue.arrive(messages(*range(2, 13)), 1.0)
    queue.arrive(messages(1), 1.0)
    assert held(queue) == [*range(2, 12), 1] and queue.count(Place.READY) == 12


def test_what_is_delayed_is_held_and_not_loaded_twice() -> None:
    queue = Queue(Rules())
    queue.arrive(messages(*range(1, 12)), 1.0)
    queue.arrive(messages(12, visible=9.0), 1.0)
    queue.receive(1.0, 10, 30)
    queue.load(messages(11, 12), 1.0)
    assert (queue.count(Place.READY), queue.count(Place.DELAYED), queue.edge) == (1, 1, 12)
    queue.advance(9.0)
    assert [one.seq for one in queue.receive(9.0, 10, 30).taken] == [11, 12]


def test_a_fifo_queue_holds_all() -> None:
    queue = Queue(Rules(fifo=True))
    queue.arrive([Message(seq, 1.0, "g") for seq in range(1, 31)], 1.0)
    assert len(queue) == 30 and not queue.wants()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_every_message_is_received_once(seed: int) -> None:
    chance = random.Random(seed)
    queue, disk, received, seq = Queue(Rules()), dict[int, Message](), list[int](), 0
    for _ in range(300):
        match chance.randrange(3):
            case 0:
                for _ in range(chance.randrange(12)):
                    seq += 1
                    disk[seq] = Message(seq, 1.0)
                    queue.arrive([disk[seq]], 1.0)
            case 1:
                while queue.wants():
                    page = [disk[one] for one in sorted(disk) if one > queue.edge][:4]
                    queue.load(page, 1.0)
                for one in queue.receive(1.0, chance.randrange(1, 8), 30).taken:
                    received.append(one.seq)
                    del disk[one.seq]
                    queue.remove(one.seq)
        assert queue.count(Place.READY) == len(disk)
    assert received == list(range(1, len(received) + 1))
