"""The end of an invocation's log, as Invoke answers it in X-Amz-Log-Result."""

from lambent.model.invocation import LOG_TAIL


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
        if self._held > 16 * LOG_TAIL:
            self._compact()

    def take(self) -> list[str]:
        """The last messages, 4 KB at least; the next invocation starts with an empty tail."""
        messages, self._messages = self._messages, []
        self._held = 0
        return messages

    def _compact(self) -> None:
        text = "".join(self._messages)[-LOG_TAIL:]
        self._messages = [text]
        self._held = len(text)
