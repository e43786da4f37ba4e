"""The core of a queue against a plain model of it, and a few things that the model does not look at."""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from lambent.engine.queue import Queue, Rules, Standing
from lambent.engine.queue_message import Message, Place
from lambent.engine.recent import Recent

RETENTION = 1_000.0


@dataclass
class Known:
    """What the model knows of a message: hidden until `until`, received `receives` times."""

    seq: int
    group: str
    sent: float
    until: float
    receives: int = 0
    held: bool = False


class QueueMachine(RuleBasedStateMachine):
    """Nothing is lost, nothing is handed out while invisible, groups keep their order, counts are true."""

    receipts = Bundle("receipts")
    fifo = False

    @initialize(most=st.sampled_from([3, 120_000]), dead=st.sampled_from([None, 2]))
    def begin(self, most: int, dead: int | None) -> None:
        self.now, self.last = 1_000.0, 0
        self.dead = dead
        self.limit = most
        self.queue = Queue(Rules(self.fifo, RETENTION, most))
        self.known: dict[int, Known] = {}
        self.buried: list[int] = []

    @rule(group=st.sampled_from("abc"), delay=st.sampled_from([0.0, 0.0, 5.0]))
    def send(self, group: str, delay: float) -> None:
        self.last += 1
        until = self.now + delay if delay else 0.0
        self.queue.arrive([Message(self.last, self.now, group, until)], self.now)
        self.known[self.last] = Known(self.last, group, self.now, until)

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(most=st.integers(1, 10), visibility=st.sampled_from([0.0, 4.0, 30.0]), target=receipts)
    def receive(self, most: int, visibility: float) -> object:
        self._age()
        found = self.queue.receive(self.now, most, visibility, self.dead)
        for message in found.exhausted:
            known = self.known.pop(message.seq)
            assert known.receives == self.dead and self._visible(known)
            self.queue.remove(message.seq)
            self.buried.append(message.seq)
        for message in found.taken:
            known = self.known[message.seq]
            assert self._visible(known), "handed out while invisible"
            self._check_order(known, [one.seq for one in found.taken])
        for message in found.taken:
            known = self.known[message.seq]
            known.receives, known.held, known.until = known.receives + 1, True, self.now + visibility
            assert (message.receives, message.visible) == (known.receives, known.until)
        assert len(found.taken) <= most
        if not found.taken and not found.full:
            assert not self._takeable(), "something is there and was not found"
        return multiple(*((one.seq, one.receives) for one in found.taken))

    @rule(receipt=consumes(receipts))
    def delete(self, receipt: tuple[int, int]) -> None:
        self._age()
        self.queue.advance(self.now)
        standing = self.queue.standing(*receipt)
        known = self.known.get(receipt[0])
        assert standing is self._standing(known, receipt[1])
        if standing in {Standing.HELD, Standing.VISIBLE}:
            self.queue.remove(receipt[0])
            del self.known[receipt[0]]

    @rule(receipt=receipts, seconds=st.sampled_from([0.0, 7.0, 50.0]))
    def change_visibility(self, receipt: tuple[int, int], seconds: float) -> None:
        self._age()
        self.queue.advance(self.now)
        if self.queue.standing(*receipt) is Standing.HELD:
            self.queue.change_visibility(receipt[0], self.now, seconds)
            self.known[receipt[0]].until = self.now + seconds

    @rule(most=st.integers(1, 10))
    def receive_that_fails(self, most: int) -> None:
        self._age()
        found = self.queue.receive(self.now, most, 30.0, self.dead)
        self.queue.undo(found.taken)
        self.queue.put_back(found.exhausted)

    @rule(most=st.integers(1, 10), fails=st.booleans())
    def lift(self, most: int, fails: bool) -> None:
        self._age()
        for message in self.queue.lift(self.now, most, self.last - 1):
            assert message.seq < self.last and self._visible(self.known[message.seq])
            if fails:
                self.queue.put_back([message])
            else:
                self.queue.remove(message.seq)
                del self.known[message.seq]

    @rule()
    def restart(self) -> None:
        """Another core, from what is on disk."""
        self._age()
        self.queue.advance(self.now)
        fresh = Queue(self.queue.rules)
        copies = [
            Message(one.seq, one.sent, one.group, one.visible, one.receives, one.first, one.taken)
            for one in self.queue.messages()
        ]
        fresh.arrive(copies, self.now)
        self.queue = fresh

    @invariant()
    def everything_is_counted(self) -> None:
        if not hasattr(self, "queue"):
            return
        self._age()
        self.queue.advance(self.now)
        counts = {place: self.queue.count(place) for place in Place}
        expected = dict.fromkeys(Place, 0)
        for known in self.known.values():
            place = Place.READY if self._visible(known) else Place.IN_FLIGHT if known.held else Place.DELAYED
            expected[place] += 1
        assert counts == expected
        assert len(self.queue) == len(self.known)
        due = self.queue.next_due()
        waiting = [one.until for one in self.known.values() if not self._visible(one)]
        assert due == (min(waiting) if waiting else None)

    # --- the model

    def _visible(self, known: Known) -> bool:
        return known.until <= self.now

    def _age(self) -> None:
        for seq in [one.seq for one in self.known.values() if one.sent + RETENTION <= self.now]:
            del self.known[seq]
        for known in self.known.values():
            if self._visible(known):
                known.held = False

    def _standing(self, known: Known | None, receives: int) -> Standing:
        if known is None:
            return Standing.GONE
        if known.receives != receives:
            return Standing.STALE
        return Standing.HELD if known.held else Standing.VISIBLE

    def _takeable(self) -> list[Known]:
        return [one for one in self.known.values() if self._visible(one)]

    def _check_order(self, known: Known, taken: list[int]) -> None:
        """The oldest first."""
        older = [one.seq for one in self._takeable() if one.seq < known.seq]
        assert set(older) <= set(taken)


class FifoMachine(QueueMachine):
    fifo = True

    def _takeable(self) -> list[Known]:
        """The first of each group, when nothing of the group is in flight."""
        heads: dict[str, Known] = {}
        for one in self.known.values():
            heads.setdefault(one.group, one)
        locked = {one.group for one in self.known.values() if one.held and not self._visible(one)}
        return [one for group, one in heads.items() if group not in locked and self._visible(one)]

    def _check_order(self, known: Known, taken: list[int]) -> None:
        """All that is older in the group comes in the same receive, and nothing of the group was in flight."""
        group = [one for one in self.known.values() if one.group == known.group]
        assert not [one for one in group if one.held and not self._visible(one)]
        older = [one.seq for one in group if one.seq < known.seq]
        assert older == [seq for seq in taken if seq in older]


TestStandard = QueueMachine.TestCase
TestFifo = FifoMachine.TestCase


def test_the_books_do_not_grow_with_what_has_gone() -> None:
    queue = Queue(Rules())
    for seq in range(1, 20_001):
        queue.arrive([Message(seq, float(seq))], float(seq))
        queue.receive(float(seq), 10, 40_000.0)
        if seq > 5:
            queue.remove(seq - 5)
    queue.advance(20_001.0)
    assert len(queue) == 5
    assert len(queue._due) + len(queue._arrivals) < 5_000


def test_recent_values_go_in_time() -> None:
    recent: Recent[str, int] = Recent(10.0)
    recent.put("a", 1, 0.0)
    recent.put("a", 2, 5.0)
    assert (recent.get("a", 14.0), recent.get("a", 15.0)) == (2, None)
    recent.put("b", 1, 20.0)
    recent.drop("b")
    assert recent.get("b", 20.0) is None
    assert not recent
