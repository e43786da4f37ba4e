"""What trials came to, for people, for scripts, and as a test."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from lambent.pitfalls import catalogue, pages
from lambent.pitfalls.torture.judging import Broken

Places = Mapping[tuple[str, str], Sequence[str]]
MENDS = {
    "ASY004": "look at the age of what comes, and raise or report what comes too late instead of leaving it out",
    "LIM012": "clean /tmp in a finally, set EphemeralStorage to what is needed, and let a full /tmp be an error",
    "ASY008": "write the idempotency record first, as in progress and with an expiry, and complete it with the work",
    "ASY010": "take an idempotency key from the client, and keep the answer under it",
    "ESM004": "do each record in a transaction with the mark that it is done",
    "ESM009": "keep a version or time with what is written, and write only what is newer (ConditionExpression)",
    "EXE002": "keep it in a table: another environment does not have it",
    "EXE013": "make the steps repeatable, or write them in one transaction",
    "CON011": "leave the SDK its retries (retries.mode standard)",
}
"""What to do about pitfalls of which a rule, if there is one, reads another side in the code than a trial shows."""
SHOWN, ORDER = 5, 12


class Said(Protocol):
    """What all trials came to."""

    trials: int
    seconds: float
    broken: list[Broken]
    missed: list[str]
    kinds: dict[str, int]
    ready: float
    snapshot: bool
    follows: list[str]


def mend(code: str) -> str:
    """What to do about a pitfall."""
    rule = catalogue.rules().get(code)
    return MENDS.get(code) or (rule.mend if rule is not None else "")


def title(code: str) -> str:
    """What a pitfall is called: by the whole of it, where its rule is about another side."""
    rule = catalogue.rules().get(code)
    return pages.entries()[code]["title"] if rule is None or code in MENDS else rule.title


def _where(broken: Broken, places: Places) -> list[str]:
    found = [place for call in broken.calls for place in places.get(call, ())]
    return list(dict.fromkeys(found))[:SHOWN]


def _by_code(all_of: Iterable[Broken]) -> dict[str, list[Broken]]:
    found: dict[str, list[Broken]] = {}
    for one in all_of:
        found.setdefault(one.code, []).append(one)
    return found


def text(said: Said, places: Places) -> str:
    """The report: each pitfall with the simplest trial that shows it."""
    lines = []
    for code, those in _by_code(one for one in said.broken if not one.remains).items():
        first = those[0]
        lines.append(f"{code} {title(code)}")
        lines.append(f"      trial {first.schedule.name}: {first.schedule.about}")
        lines.append(f"      broken: {first.message}")
        if first.order:
            lines.append(f"      order: {', '.join(first.order[:ORDER])}{', …' if len(first.order) > ORDER else ''}")
        where = _where(first, places)
        if where:
            lines.append(f"      code: {', '.join(where)}")
        elif first.calls:
            lines.append(f"      call: {', '.join(f'{service}:{operation}' for service, operation in first.calls)}")
        if len(those) > 1:
            names = [one.schedule.name for one in those[1:]]
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            lines.append(f"      also: {', '.join(names[:SHOWN])}{more}")
        lines.append(f"      mend: {mend(code)}")
    left = [one for one in said.broken if one.remains]
    if left:
        shown = ", ".join(one.schedule.name for one in left[:SHOWN])
        lines.append(f"no code can help it, only who receives: {left[0].message} ({shown})")
    kinds = ", ".join(f"{count} {kind}" for kind, count in said.kinds.items())
    lines.append(f"{said.trials} trials in {said.seconds:.1f} s ({kinds}): {len(said.broken) - len(left)} broke")
    if said.follows:
        lines.append(f"what followed was looked at as well: {', '.join(said.follows)}")
    if said.missed:
        lines.append(f"{len(said.missed)} say nothing, their call did not come: {', '.join(said.missed[:SHOWN])}")
    return "\n".join(lines)


def document(said: Said, places: Places, seed: int) -> dict[str, Any]:
    """The report for scripts."""
    return {
        "trials": said.trials,
        "seconds": round(said.seconds, 2),
        "ready": round(said.ready, 2),
        "snapshot": said.snapshot,
        "follows": said.follows,
        "seed": seed,
        "kinds": said.kinds,
        "missed": said.missed,
        "broken": [
            {
                "code": one.code,
                "trial": one.schedule.name,
                "remains": one.remains,
                "about": one.schedule.about,
                "message": one.message,
                "order": one.order,
                "differences": [{"place": d.place, "more": d.more, "less": d.less} for d in one.differences],
                "calls": [f"{service}:{operation}" for service, operation in one.calls],
                "code_places": _where(one, places),
                "mend": mend(one.code),
            }
            for one in said.broken
        ],
    }


def pytest_file(name: str, event: Any, all_of: Sequence[Broken], seed: int) -> str:
    """A test that fails as long as what broke breaks; it needs a server with the function."""
    names = list(dict.fromkeys(one.schedule.name for one in all_of if not one.remains))
    return f'''"""What `lambent torture {name}` found. The server that AWS_ENDPOINT_URL names must have the function."""

import json
import subprocess
import sys

import pytest

EVENT = json.loads({json.dumps(event)!r})


@pytest.mark.parametrize("trial", {json.dumps(names)})
def test_{_identifier(name)}_stands_it(trial: str) -> None:
    command = [sys.executable, "-m", "lambent.cli.main", "torture", {name!r}, "--event", "-", "--only", trial]
    done = subprocess.run([*command, "--seed", "{seed}"], input=json.dumps(EVENT), text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
'''


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
