from hypothesis import given
from hypothesis import strategies as st

from lambent.observe.framing import EVENT_LIMIT, Splitter, Written


def frame(message: bytes, ms: int = 1_700_000_000_000, kind: int = 3) -> bytes:
    return b"\xa5\x5a\x00" + bytes([kind]) + len(message).to_bytes(4, "big") + (ms * 1000).to_bytes(8, "big") + message


def messages(events: list[Written]) -> list[str]:
    return [event.message for event in events]


def test_a_line_is_an_event_with_its_newline() -> None:
    assert messages(Splitter().feed(b"one\n\ntwo\n")) == ["one\n", "\n", "two\n"]


def test_a_line_in_pieces_is_one_event() -> None:
    splitter = Splitter()
    assert splitter.feed(b"on") == []
    assert messages(splitter.feed(b"e\ntw")) == ["one\n"]
    assert messages(splitter.flush()) == ["tw"]
    assert splitter.flush() == []


def test_a_frame_is_one_event_however_many_lines_it_has() -> None:
    assert Splitter().feed(frame(b"a\nb\n", 1234)) == [Written(1234, "a\nb\n")]


def test_text_and_frames_keep_their_order() -> None:
    events = Splitter().feed(b"before\n" + frame(b"x") + b"between" + frame(b"y", kind=0x16) + b"after\n")
    assert messages(events) == ["before\n", "x", "between", "y", "after\n"]


def test_empty_frames_are_no_events() -> None:
    assert Splitter().feed(frame(b"") + b"x\n") == [Written(None, "x\n")]


def test_a_frame_of_an_unknown_kind_is_text() -> None:
    assert "".join(messages(Splitter().feed(frame(b"x", kind=0x7F) + b"\n"))).endswith("x\n")


def test_a_frame_that_lies_about_its_length_loses_nothing_and_holds_little() -> None:
    splitter = Splitter()
    splitter.feed(b"\xa5\x5a\x00\x03" + b"\xff\xff\xff\xff" + bytes(8))
    events = []
    for _ in range(64):
        events += splitter.feed(b"x" * (64 << 10))
        assert len(splitter._frame) <= EVENT_LIMIT
    events += splitter.flush()
    assert sum(len(message) for message in messages(events)) == 64 * (64 << 10)
    assert messages(splitter.feed(b"text again\n")) == ["text again\n"]


def test_a_long_line_becomes_several_events_cut_between_characters() -> None:
    text = "é" * EVENT_LIMIT
    splitter = Splitter()
    events = splitter.feed(text.encode() + b"\n")
    assert "".join(messages(events)) == text + "\n"
    assert all(len(event.message.encode()) <= EVENT_LIMIT for event in events)
    assert "�" not in "".join(messages(events))


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert messages(Splitter().feed(b"\xff\n")) == ["�\n"]


@given(
    st.lists(st.one_of(st.text().map(lambda t: t.encode() + b"\n"), st.binary(max_size=40).map(frame)), max_size=8),
    st.lists(st.integers(1, 40), max_size=20),
)
def test_how_the_bytes_arrive_does_not_matter(parts: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(parts)
    expected = Splitter()
    once = expected.feed(whole) + expected.flush()
    splitter, position, pieces = Splitter(), 0, []
    for cut in [*cuts, len(whole)]:
        pieces += splitter.feed(whole[position : position + cut])
        position += cut
    assert pieces + splitter.flush() == once


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_garbage_is_survived(parts: list[bytes]) -> None:
    splitter = Splitter()
    for part in parts:
        splitter.feed(b"\xa5\x5a\x00\x03" + part)
    splitter.flush()
    assert messages(splitter.feed(b"well\n")) == ["well\n"]


def test_what_is_skipped_is_gone_and_the_next_line_is_whole() -> None:
    splitter = Splitter()
    splitter.feed(b"begun")
    assert splitter.skip(b" and ended\ntwo\nthr") == 2
    assert messages(splitter.feed(b"ee\nfour\n")) == ["three\n", "four\n"]


def test_a_skipped_frame_is_skipped_to_its_end() -> None:
    splitter = Splitter()
    data = frame(b"a" * 5000) + frame(b"b" * 100_000)
    assert splitter.skip(data[:50_000]) == 2
    assert splitter.skip(data[50_000:80_000]) == 0
    assert messages(splitter.feed(data[80_000:] + frame(b"kept") + b"line\n")) == ["kept", "line\n"]


def test_a_frame_that_was_begun_is_skipped_too() -> None:
    splitter = Splitter()
    data = frame(b"a" * 100_000)
    assert splitter.feed(data[:10_000]) == []
    assert splitter.skip(data[10_000:20_000]) == 1
    assert messages(splitter.feed(data[20_000:] + b"x\n")) == ["x\n"]


def test_a_header_cut_by_the_end_of_what_is_skipped_is_found() -> None:
    for cut in range(1, 17):
        splitter = Splitter()
        data = frame(b"whole")
        splitter.skip(b"dropped\n" + data[:cut])
        assert messages(splitter.feed(data[cut:])) == (["whole"] if cut < 16 else []), cut


def test_a_flood_without_a_newline_holds_little() -> None:
    splitter = Splitter()
    for _ in range(100):
        splitter.skip(b"x" * 100_000)
    assert len(messages(splitter.flush())[0]) <= 8192


@given(st.lists(st.binary(max_size=200), max_size=20), st.lists(st.booleans(), min_size=20, max_size=20))
def test_skipping_never_fails_and_ends_with_the_flush(parts: list[bytes], kept: list[bool]) -> None:
    splitter = Splitter()
    for part, keep in zip(parts, kept, strict=False):
        if keep:
            splitter.feed(part)
        else:
            splitter.skip(part)
    splitter.flush()
    assert messages(splitter.feed(b"after\n")) == ["after\n"]
