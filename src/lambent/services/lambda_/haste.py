"""Who acts on a function right after a change of it, without having looked whether the change is over."""

import time
from collections.abc import Callable

from lambent.model.scope import Scope

AWS_SECONDS = 1.0
"""About how long a change lasts on AWS."""


class Haste:
    """The functions that changed lately and that nobody has looked at since.

    `now` is real time in seconds, whatever the platform's clock says: it is the client's that counts.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.young: dict[tuple[Scope, str], tuple[str, float]] = {}
        """What was done and when, by function."""

    def changed(self, scope: Scope, name: str, how: str) -> None:
        """`how` is the operation that made or changed it."""
        self.young[scope, name] = (how, self._now())

    def looked(self, scope: Scope, name: str) -> None:
        """Somebody was told the state of it."""
        self.young.pop((scope, name), None)

    def acts(self, scope: Scope, name: str) -> str:
        """The operation that AWS would still be busy with; empty when there is none. Asked once for each change."""
        how, since = self.young.pop((scope, name), ("", 0.0))
        return how if self._now() - since < AWS_SECONDS else ""
