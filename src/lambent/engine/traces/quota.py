"""How much of a rule's reservoir each of those who sample by it gets.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html ("quota").
"""

from collections.abc import Callable, Hashable

ACTIVE_SECONDS = 20.0
"""Who has not asked for so long samples no more."""
INTERVAL = 10
"""Seconds between questions; a quota lasts as long."""
BOUND = 10_000


class Quotas:
    """`now` answers seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[Hashable, dict[str, float]] = {}

    def share(self, rule: Hashable, client: str, reservoir: int) -> int:
        """Requests a second that `client` may take from the reservoir of a rule."""
        now = self._now()
        if len(self._seen) >= BOUND and rule not in self._seen:
            self._seen.clear()
        clients = {one: at for one, at in self._seen.get(rule, {}).items() if now - at < ACTIVE_SECONDS}
        if len(clients) < BOUND:
            clients[client] = now
        self._seen[rule] = clients
        place = sorted(clients).index(client) if client in clients else len(clients)
        each, rest = divmod(reservoir, len(clients))
        return each + (place < rest)
