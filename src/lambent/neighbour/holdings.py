"""What moto holds in its memory, service by service: remembered on disk, so that what is lost with it is said.

A service holds something from the first change that it takes. When moto dies, or its server stops, that is lost: from
then on what would read it is answered by an error, until the user says that it may be forgotten. What is made anew
meanwhile can be used.
"""

import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from lambent.model.finding import Finding
from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault
from lambent.wire.http import Response

log = logging.getLogger(__name__)

CODE = "neighbour-state-lost"
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
    """What is held and what was lost. With a `path`, it is read from there and kept there."""

    def __init__(self, path: Path | None = None, report: Callable[[Finding], None] = lambda finding: None) -> None:
        self._path = path
        self._writing = threading.Lock()
        self.report = report
        self._held: set[str] = set()
        self._lost: dict[str, str] = {}
        before = _read(path)
        self._lost = dict(before.get("lost", {}))
        self._held = set(before.get("held", ()))

    @property
    def lost(self) -> Mapping[str, str]:
        """Service -> when it was lost, in words; `EVERYTHING` stands for all of them."""
        return self._lost

    @property
    def held(self) -> frozenset[str]:
        """The services that hold something."""
        return frozenset(self._held)

    def lose(self, why: str) -> None:
        """moto's memory is gone."""
        self._lost |= dict.fromkeys(self._held, why)
        if self._held:
            self._held = set()
            self._write()
        for service in self._lost:
            self.report(self._finding(service))

    def hold(self, asked: Asked) -> None:
        """A service holds something from now on; on disk when this returns."""
        name = _holder(asked)
        if name not in self._held:
            self._held.add(name)
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
        """Whether the request has made its service hold something that it did not before."""
        known = asked.service in STATELESS or asked.service in self._held
        return not known and response.status < 300 and not asked.reads and _holder(asked) not in self._held

    def _fault(self, asked: Asked) -> Fault:
        return Fault("StateLost", f"{_lost(asked.service, self.why(asked))} `{FORGET}` forgets it.", status=GONE)

    def _finding(self, service: str) -> Finding:
        return Finding(CODE, f"moto/{service}", _lost(service, self._lost[service]), FORGET)

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            with self._writing:  # requests to moto are many at once
                _replace(self._path, orjson.dumps({"held": sorted(self._held), "lost": self._lost}))
        except OSError as error:
            log.error("%s: %s: what moto holds can't be remembered", self._path, error.strerror)


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


def _lost(service: str, why: str) -> str:
    what = "What its services held" if service == EVERYTHING else f"What {service} held"
    return f"{what} is lost: moto keeps its state in memory only, and {why}."


def _read(path: Path | None) -> dict[str, Any]:
    """What was written; what is there and can't be read says that everything may be lost."""
    if path is None:
        return {}
    with contextlib.suppress(FileNotFoundError):
        try:
            said = orjson.loads(path.read_bytes())
            return {
                "held": [str(one) for one in said["held"]],
                "lost": {str(k): str(v) for k, v in said["lost"].items()},
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            if path.exists():
                return {"held": [EVERYTHING]}
    return {}


def _replace(path: Path, content: bytes) -> None:
    """Written beside, synced and renamed."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)


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
