"""The condition keys that the policies of one decision go by."""

from collections.abc import Callable

from lambent.engine.authorisation.decide import Policies, keys_of_policies
from lambent.permissions.keys import finding
from lambent.permissions.keys.view import View
from lambent.permissions.resolved import Resolved


class Conditions:
    """`say` makes a finding: (whose, code, message, hint)."""

    def __init__(self, resolved: Resolved, say: Callable[[str, str, str, str], None]) -> None:
        self._resolved = resolved
        self._say = say

    async def find(self, policies: Policies, view: View) -> dict[str, str | tuple[str, ...]]:
        """Those that the request has, by their names in lower case; a finding for each that no request has here."""
        named = keys_of_policies(policies, view.right.action)
        if not named:
            return {}
        for key in named:
            if not finding.is_set(key):
                why = finding.why_unset(key) or "it is not known here"
                text = f"a policy goes by the condition key {key}, which no request has here: {why}"
                about = view.who.principal_arn
                self._say(about, f"condition-key-not-set/{key}", text, "don't prove this condition here")
        return await finding.find(named, view, self._resolved)
