from lambent.observe.tail import LIMIT, Tail


def test_a_short_log_is_answered_whole_and_once() -> None:
    tail = Tail()
    tail.add("START\n")
    tail.add("[ERROR] no newline")
    tail.add("END\n")
    assert tail.take() == b"START\n[ERROR] no newlineEND\n"
    assert tail.take() == b""


def test_only_the_last_4_kb_are_kept() -> None:
    tail = Tail()
    for number in range(100_000):
        tail.add(f"line {number}\n")
        assert tail._held < 17 * LIMIT
    text = tail.take()
    assert len(text) == LIMIT
    assert text.endswith(b"line 99999\n")


def test_a_cut_leaves_whole_characters() -> None:
    tail = Tail()
    tail.add("€" * LIMIT)
    assert tail.take().decode() == "€" * (LIMIT // 3)
