"""The end of an invocation's log, as Invoke answers it in X-Amz-Log-Result."""

LIMIT = 4096
"""Bytes (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, LogType)."""


class Tail:
    """Holds what one invocation logs. Its memory is bounded however much that is."""

    __slots__ = ("_held", "_messages")

    def __init__(self) -> None:
        self._messages: list[str] = []
        self._held = 0

    def add(self, message: str) -> None:
        """One log event, as it goes into the stream."""
        self._messages.append(message)
        self._held += len(message)
        if self._held > 16 * LIMIT:
            self._compact()

    def take(self) -> bytes:
        """The last 4 KB as UTF-8, not yet base64; the next invocation starts with an empty tail."""
        text = "".join(self._messages)[-LIMIT:].encode("utf-8", "replace")
        self._messages = []
        self._held = 0
        return _whole_characters(text[-LIMIT:])

    def _compact(self) -> None:
        text = "".join(self._messages)[-LIMIT:]
        self._messages = [text]
        self._held = len(text)


def _whole_characters(text: bytes) -> bytes:
    """Drops the rest of a character that the cut went through."""
    start = 0
    while start < min(len(text), 3) and text[start] & 0xC0 == 0x80:
        start += 1
    return text[start:]
