"""All watchers, and what is new since they looked last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lambent.pitfalls.finding import Finding
from lambent.pitfalls.watching import calls, logs, rests
from lambent.pitfalls.watching.seen import Seen
from lambent.pitfalls.watching.sight import Sight, Watcher

WATCHERS: tuple[Watcher, ...] = (*logs.WATCHERS, *calls.WATCHERS, *rests.WATCHERS)
OF_SERVER = {
    "recursive-loop": "ARC001", "unseen-loop": "ARC001", "no-outbound-network": "NET001",
    "large-answer": "LIM001", "large-event": "LIM002",
    "destination-not-called": "ASY005", "file-system-not-writable": "EXE018", "403-for-404": "IAM002",
}  # fmt: skip
"""What the server finds by itself -> the pitfall that it is."""


def codes() -> frozenset[str]:
    """Every pitfall that can be seen."""
    return frozenset(code for one in WATCHERS for code in one.codes) | frozenset(OF_SERVER.values()) | {"ASY003"}


def look(seen: Seen, known: Iterable[Mapping[str, str]] = ()) -> list[Sight]:
    """Everything that is to be said of a function now; `known` are the server's own findings."""
    found = [sight for one in WATCHERS for sight in one.look(seen)]
    arn = str(seen.about.get("FunctionArn", ""))
    return found + [
        sight for one in known if arn and (sight := _told(one, arn, str(seen.about.get("Role")))) is not None
    ]


def _told(one: Mapping[str, str], arn: str, role: str) -> Sight | None:
    """A finding of the server's about the function, or about its role."""
    code, resource = one["code"], one["resource"]
    if resource == role and code.startswith("denied/"):
        return Sight("IAM001", one["message"], subject=code, level="error")
    if resource != arn and not resource.startswith(f"{arn}:"):
        return None
    if code.startswith("event-dropped/"):
        return Sight("ASY003", one["message"], subject=code, level="error")
    return Sight(OF_SERVER[code], one["message"], subject=code) if code in OF_SERVER else None


@dataclass(slots=True)
class Ledger:
    """What was said already. A sight is new once per function, code and subject."""

    said: dict[tuple[str, str, str], Sight] = field(default_factory=dict)

    def fresh(self, function: str, sights: Iterable[Sight]) -> list[Sight]:
        """Those that were not said before; the latest figures are kept."""
        new = []
        for sight in sights:
            key = (function, sight.code, sight.subject)
            if key not in self.said:
                new.append(sight)
            self.said[key] = sight
        return new


def read_of(findings: Iterable[Finding], function: str, code: str) -> list[Finding]:
    """What reading the code found of a pitfall that was seen."""
    return [one for one in findings if one.code == code and one.function == function]
