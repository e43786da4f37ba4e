"""What services of AWS may do with resources: the same is asked for each message that is sent."""

from collections.abc import Awaitable, Callable, Mapping

from lambent.engine.authorisation.decide import keys_of_policies
from lambent.engine.authorisation.principals import Principal
from lambent.model.scope import Scope
from lambent.permissions.denials import Verdict

KEPT = 20_000

Key = tuple[str, str, str, Scope, tuple[tuple[str, str], ...]]
"""A service, an action, a resource, the scope of one that names none, condition keys."""


def key_of(who: Principal, action: str, resource: str, scope: Scope, known: Mapping[str, str]) -> Key:
    """What a verdict is found by."""
    return who.arn, action, resource, scope, tuple(known.items())


class Remembered:
    """Verdicts that hold until a policy changes (`revision`): those that nothing but their key counted in."""

    def __init__(self) -> None:
        self._found: dict[Key, tuple[int, Verdict]] = {}

    async def verdict(self, key: Key, revision: int, find: Callable[[], Awaitable[Verdict]]) -> Verdict:
        """What is known, or what `find` answers."""
        found = self._found.get(key)
        if found is not None and found[0] == revision:
            return found[1]
        verdict = await find()
        self._add(key, revision, verdict)
        return verdict

    def _add(self, key: Key, revision: int, verdict: Verdict) -> None:
        _, action, _, _, known = key
        if keys_of_policies(verdict.policies, action) <= {name for name, _ in known}:
            if len(self._found) >= KEPT:
                self._found.clear()
            self._found[key] = revision, verdict
