"""What moto holds in its memory, service by service: remembered on disk, so that what is lost with it is said.

A service holds something from the first change that it takes, and has changed until that is kept (`neighbour.memory`).
When moto dies, or its server stops, what was kept is there again. Of a service that changed since, a finding says that
these changes are lost. A service of which nothing was kept is lost: what would read it is answered by an error, until
the user says that it may be forgotten. What is made anew meanwhile can be used.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import orjson

from lambent.model.finding import Finding
from lambent.neighbour.memory.files import replace
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Response

log = logging.getLogger(__name__)

CODE = "neighbour-state-lost"
CHANGES = "neighbour-changes-lost"
GONE = 410
"""A status that no SDK tries again."""
FORGET = "lambent neighbour acknowledge"
RESTARTED = "Lambent was started again"
EVERYTHING = "*"
"""What may be held when what was remembered can't be read."""
STATELESS = frozenset({"sts"})
IN_KINDS = frozenset({"ec2"})
"""Services where much is there from the beginning (regions, a network): what they hold is told apart by its kind."""
_VERB = re.compile(r"[A-Z][a-z]+(?=[A-Z])")
_PAGING = re.compile("(?i)(max|limit|page|next|marker|token|count|continuation|filter|delimiter|order|sort|version$)")
"""Names of parameters that choose from a list and name nothing in it."""
_ABSENT = re.compile(
    rb"(?i)NotFound|NoSuch|NonExist|NotExist|does ?n.t exist|does not exist|not find|not found|UnknownResource"
)


class Holdings:
    """What is held, changed and lost. With a `path`, it is read from there and kept there."""

    def __init__(self, path: Path | None = None, report: Callable[[Finding], None] | None = None) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._remembered = True
        """What was to be written last is on disk."""
        self._report = report
        self._untold: list[Finding] = []
        before = _read(path)
        self._lost: dict[str, str] = dict(before.get("lost", {}))
        self._held: set[str] = set(before.get("held", ()))
        self._changed: dict[str, int] = dict.fromkeys(before.get("changed", ()), 1)

    def tell(self, report: Callable[[Finding], None]) -> None:
        """Findings go there from now on, also those that there were before."""
        self._report = report
        untold, self._untold = self._untold, []
        for finding in untold:
            report(finding)

    def say(self, finding: Finding) -> None:
        """Tell of it, as soon as there is somebody to be told."""
        (self._report or self._untold.append)(finding)

    @property
    def lost(self) -> Mapping[str, str]:
        """Service -> when it was lost, in words; `EVERYTHING` stands for all of them."""
        return self._lost

    @property
    def held(self) -> frozenset[str]:
        """The services that hold something."""
        return frozenset(self._held)

    @property
    def changed(self) -> Mapping[str, int]:
        """The services that changed since they were kept, each with a number that grows with its changes."""
        return dict(self._changed)

    @property
    def remembers(self) -> bool:
        """Whether there is anything that a new moto should be given, or its user should be told."""
        return bool(self._held or self._changed or self._lost)

    def lose(self, why: str, kept: Collection[str] = ()) -> None:
        """moto's memory is gone, and what was kept of these services is there again."""
        gone = {one for one in self._held if _service(one) not in kept}
        changed = sorted(service for service in self._changed if service in kept)
        if gone or self._changed:
            self._lost |= dict.fromkeys(gone, why)
            self._held -= gone
            self._changed = {}
            self._write()
        for service in self._lost:
            self.say(self._finding(service))
        for service in changed:
            self.say(_changes_lost(service, why))

    def hold(self, asked: Asked) -> None:
        """A service has changed; on disk when this returns. Raises Fault when it can't be."""
        new = self.news(asked)
        self._held.add(_holder(asked))
        self._changed[asked.service] = self._changed.get(asked.service, 0) + 1
        if new:
            self._write()
            if not self._remembered:
                raise not_kept(f"what {asked.service} holds can't be remembered")

    def late(self, asked: Asked, why: str) -> None:
        """What a service was changed in was lost before it was held."""
        if _holder(asked) in self._held:
            self.say(_changes_lost(asked.service, why))
            return
        self._lost[_holder(asked)] = why
        self._write()
        self.say(self._finding(_holder(asked)))

    def kept(self, changed: Mapping[str, int]) -> None:
        """What these services hold is on disk, with as many changes."""
        done = {service for service, number in changed.items() if self._changed.get(service) == number}
        if done:
            self._changed = {service: number for service, number in self._changed.items() if service not in done}
            self._write()

    def drop(self, service: str) -> None:
        """The user wants nothing of a service any more."""
        self._held = {one for one in self._held if _service(one) != service}
        self._lost = {one: why for one, why in self._lost.items() if _service(one) != service}
        self._changed.pop(service, None)
        self._write()

    def acknowledge(self) -> list[str]:
        """The user knows: what was lost is forgotten. Answers the services."""
        forgotten, self._lost = sorted(self._lost), {}
        if forgotten:
            self._write()
        return forgotten

    def why(self, asked: Asked) -> str:
        """When what the request may ask for was lost, in words; "" when nothing was."""
        if asked.service in STATELESS or not self._lost:
            return ""
        near = next((name for name in self._lost if _is_about(asked, name)), "")
        return self._lost.get(near) or self._lost.get(EVERYTHING, "")

    def before(self, asked: Asked) -> None:
        """Raises Fault for a request that lists everything there is, of which something was lost."""
        if asked.reads and self.why(asked) and not _names_something(asked):
            raise self._fault(asked)

    def after(self, asked: Asked, response: Response) -> None:
        """Raises Fault when the answer says that nothing is there, of which something was lost.

        A request may have waited while one moto died and the next one came up.
        """
        self.before(asked)
        if self.why(asked) and (_says_absent(response) or (asked.reads and _is_empty(response))):
            raise self._fault(asked)

    def changes(self, asked: Asked, response: Response) -> bool:
        """Whether the request has changed what its service holds."""
        return response.status < 300 and asked.service not in STATELESS and not asked.reads

    def news(self, asked: Asked) -> bool:
        """Whether it is not yet on disk that its service holds something, or has changed."""
        known = asked.service in self._changed and _holder(asked) in self._held
        return not (known and self._remembered)

    def _fault(self, asked: Asked) -> Fault:
        return Fault("StateLost", f"{_lost(asked.service, self.why(asked))} `{FORGET}` forgets it.", status=GONE)

    def _finding(self, service: str) -> Finding:
        return Finding(CODE, f"moto/{service}", _lost(service, self._lost[service]), FORGET)

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            with self._writing:  # requests to moto are many at once
                said = {"held": sorted(self._held), "changed": sorted(self._changed), "lost": self._lost}
                replace(self._path, orjson.dumps(said))
            self._remembered = True
        except OSError as error:
            self._remembered = False
            log.error("%s: %s: what moto holds can't be remembered", self._path, error.strerror)


def not_kept(what: str) -> Fault:
    """The answer to what would change something that can't be written down: `what` says which, and why."""
    text = f"{what}: make room on the disk of the data folder and try again."
    return Fault("ServiceUnavailable", text, status=503)


def _holder(asked: Asked) -> str:
    """What a change is remembered by: its service, or `ec2/SecurityGroup`."""
    return f"{asked.service}/{_kind(asked)}" if asked.service in IN_KINDS else asked.service


def _kind(asked: Asked) -> str:
    """What an operation is about: `SecurityGroup` of `DescribeSecurityGroups`."""
    return _VERB.sub("", asked.operation, count=1).removesuffix("s")


def _is_about(asked: Asked, holder: str) -> bool:
    service, _, kind = holder.partition("/")
    if service != asked.service:
        return False
    return not kind or not asked.reads or kind.startswith(_kind(asked)) or _kind(asked).startswith(kind)


def _service(holder: str) -> str:
    return holder.partition("/")[0]


def _changes_lost(service: str, why: str) -> Finding:
    text = f"The last changes of {service} are lost: {why}, before they were kept. What it held before is there."
    return Finding(CHANGES, f"moto/{service}", text)


def _lost(service: str, why: str) -> str:
    what = "What its services held" if service == EVERYTHING else f"What {service} held"
    return f"{what} is lost: nothing of it was kept, and {why}."


def _read(path: Path | None) -> dict[str, Any]:
    """What was written; what is there and can't be read says that everything may be lost."""
    if path is None:
        return {}
    with contextlib.suppress(FileNotFoundError):
        try:
            said = orjson.loads(path.read_bytes())
            return {
                "held": [str(one) for one in said["held"]],
                "changed": [str(one) for one in said.get("changed", ())],
                "lost": {str(k): str(v) for k, v in said["lost"].items()},
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            if path.exists():
                return {"held": [EVERYTHING]}
    return {}


def _names_something(asked: Asked) -> bool:
    if not asked.operation:
        return asked.request.path != "/"
    return any(value and not _PAGING.match(name) for name, value in asked.params.items())


def _says_absent(response: Response) -> bool:
    if response.status == 404:
        return True
    body = response.body if isinstance(response.body, bytes) else b""
    return 400 <= response.status < 500 and _ABSENT.search(body) is not None


def _is_empty(response: Response) -> bool:
    """Whether a JSON answer holds nothing: no list has an entry, no number is more than 0."""
    if response.status >= 300 or not isinstance(response.body, bytes):
        return False
    try:
        return not _holds(orjson.loads(response.body))
    except orjson.JSONDecodeError:
        return False


def _holds(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds, value.values()))
    return any(map(_holds, value)) if isinstance(value, list) else bool(value)
