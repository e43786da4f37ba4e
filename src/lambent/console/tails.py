"""Where each live view of a log stands: what it has shown, so that events of other streams which arrive late are shown,
too, and none twice."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from lambent.clients import Tail

MOST = 64
"""Views that are known at once; the one that was not looked at for longest makes room."""


@dataclass(slots=True)
class View(Tail):
    """Of one log group."""

    group: str = ""


class Tails:
    """Those of all open pages."""

    def __init__(self) -> None:
        self._those: OrderedDict[str, View] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, group: str, start: int) -> str:
        """A new one; answers its name."""
        name = secrets.token_hex(8)
        with self._lock:
            self._those[name] = View(start, group=group)
            if len(self._those) > MOST:
                self._those.popitem(last=False)
        return name

    def of(self, name: str) -> View | None:
        """One that is known."""
        with self._lock:
            if name in self._those:
                self._those.move_to_end(name)
            return self._those.get(name)
