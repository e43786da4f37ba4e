"""A word to who waits for long, on stderr."""

import threading
from types import TracebackType

from lambent.cli import output

SECONDS = 3.0
"""After which nobody should have to wonder any more."""


class Patience:
    """Says `text` once when what is done in this `with` takes longer than `seconds`."""

    def __init__(self, text: str, seconds: float = SECONDS) -> None:
        self._timer = threading.Timer(seconds, output.note, (text,))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
