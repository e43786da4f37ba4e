from lambent.model.invocation import LOG_TAIL, Outcome
from lambent.observe.tail import Tail


def taken(tail: Tail) -> bytes:
    return Outcome(b"", None, tail.take()).log_tail


def test_a_short_log_is_answered_whole_and_once() -> None:
    tail = Tail()
    tail.add("START\n")
    tail.add("[ERROR] no newline")
    tail.add("END\n")
    assert taken(tail) == b"START\n[ERROR] no newlineEND\n"
    assert taken(tail) == b""


def test_only_the_last_4_kb_are_kept() -> None:
    tail = Tail()
    for number in range(100_000):
        tail.add(f"line {number}\n")
        assert tail._held < 17 * LOG_TAIL
    text = taken(tail)
    assert len(text) == LOG_TAIL
    assert text.endswith(b"line 99999\n")


def test_a_cut_leaves_whole_characters() -> None:
    tail = Tail()
    tail.add("€" * LOG_TAIL)
    assert taken(tail).decode() == "€" * (LOG_TAIL // 3)
