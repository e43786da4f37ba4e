"""Requests that a runtime has sent before, known by their bytes.

A runtime asks for its next event with the same bytes each time, and answers with the same headers but for the request
id: what the parser made of them once, it would make of them again. Nothing is read here that the parser has not read.
"""

from typing import NamedTuple

NEXT = b"/2018-06-01/runtime/invocation/next"
ANSWER = b"POST /2018-06-01/runtime/invocation/"
RESPONSE = b"/response HTTP/1.1\r\n"
_ID = len(ANSWER)
_END_OF_ID = _ID + 36
_HEADERS = _END_OF_ID + len(RESPONSE)
END = b"\r\n\r\n"
KEPT = 16
"""Heads that differ, in their Content-Length for example."""


class Answer(NamedTuple):
    """A response to the invocation at hand."""

    headers: dict[str, str]
    body: bytes


class Familiar:
    """Of one environment: the runtimes that run in it one after another are the same program."""

    __slots__ = ("_heads", "at_hand", "next")

    def __init__(self) -> None:
        self.next = b""
        """All bytes of a GET next, on a connection that is kept alive; b"" when there was none yet."""
        self.at_hand = b""
        """The id of the invocation that is with the runtime."""
        self._heads: dict[bytes, tuple[dict[str, str], int]] = {}

    def answer(self, data: bytes) -> Answer | None:
        """What `data`, the first bytes of a request, is when it is a whole response with headers that are known."""
        if data[_ID:_END_OF_ID] != self.at_hand or data[:_ID] != ANSWER or data[_END_OF_ID:_HEADERS] != RESPONSE:
            return None
        end = data.find(END, _HEADERS)
        known = self._heads.get(data[_HEADERS:end]) if end > 0 else None
        if known is None or len(data) - end - len(END) != known[1]:
            return None
        return Answer(known[0], data[end + len(END) :])

    def learn(self, data: bytes, method: bytes, path: bytes, headers: dict[str, str], body: bytes) -> None:
        """`data` is one whole request, on a connection that is kept alive, and the parser made this of it."""
        if method == b"GET" and path == NEXT and not body:
            self.next = data
        elif data[:_ID] == ANSWER and data[_END_OF_ID:_HEADERS] == RESPONSE:
            head, _, rest = data[_HEADERS:].partition(END)
            if rest == body:  # not in chunks, which headers alone do not tell apart by their length
                if len(self._heads) >= KEPT:
                    self._heads.clear()
                self._heads[head] = headers, len(body)
