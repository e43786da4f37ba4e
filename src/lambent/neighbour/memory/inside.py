"""What moto's process answers to the server about its memory: what was touched, one service's bytes, and back again.

A service is moto's here (`BackendDict.service_name`). It was touched when code that may change something has looked it
up; requests say in a header (`READS`) that they change nothing. What is kept: a line of JSON (`Head`), and a pickle.
"""

import io
import itertools
import json
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from lambent.neighbour.bridges import states
from lambent.neighbour.memory import pickles

ASKED = "HTTP_X_LAMBENT_MEMORY"
"""`touched`, `save SERVICE`, `load SERVICE` or `open`: a header that no client's request brings here."""
READS = "HTTP_X_LAMBENT_READS"
NAMED = "HTTP_X_LAMBENT_SERVICE"
FORMAT = 1
QUIET_SECONDS = 0.05
"""How long requests that are under way are waited for before what they change is written down."""
UNINTERRUPTED = 1000.0
"""Seconds: while a service is written, no other thread has its turn."""
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(slots=True)
class Asker:
    """What a thread does: for which of AWS's services, whether it may change something, what it looked up."""

    service: str = ""
    changes: bool = True
    touched: set[str] = field(default_factory=set)


class Memory:
    """Who touched what, and who is at it. One in a process. What is saved waits `quiet` seconds for requests."""

    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        self._quiet = quiet
        self._changed = threading.Condition()
        self._under_way = 0
        self._closed = True
        """Until what was kept is here: requests that came to the last moto may wait already."""
        self._touched: dict[str, set[str]] = {}
        self._adding = threading.Lock()
        self._here = threading.local()
        self._running: set[str] = set()

    def watch(self) -> None:
        """See from now on which of moto's services are looked up."""
        from moto.core.base_backend import BackendDict

        former = BackendDict.__getitem__

        def look_up(services: Any, account: str) -> Any:
            self.touch(services.service_name)
            return former(services, account)

        setattr(BackendDict, "__getitem__", look_up)  # noqa: B010

    def touch(self, name: str) -> None:
        """A service of moto's was looked up, by a thread that says what for, or by one of moto's own."""
        asker = getattr(self._here, "asker", None)
        if asker is None:
            asker = self._here.asker = Asker()
        if asker.changes:
            asker.touched.add(name)
            self._add(name, asker.service)

    def _add(self, name: str, service: str) -> None:
        with self._adding:
            self._touched.setdefault(name, set()).add(service)

    def around(self, application: Wsgi, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, or a question of the server's."""
        if ASKED in environ:
            return self._asked(environ, start_response)
        asker = self._here.asker = Asker(environ.get(NAMED, ""), READS not in environ)
        self._begin()
        try:
            return application(environ, start_response)
        finally:
            for name in asker.touched:  # what it changed may have been kept meanwhile, but for what it did last
                self._add(name, asker.service)
            self._here.asker = None
            self._end()

    def _begin(self) -> None:
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._under_way += 1

    def _end(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def _asked(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        what, _, service = environ[ASKED].partition(" ")
        self._here.asker = Asker(changes=False)
        try:
            content = self._answer(what, service, environ)
            status = HTTPStatus.OK
        except Exception as error:
            content, status = _said(error), HTTPStatus.CONFLICT
        self._here.asker = None
        start_response(f"{status.value} {status.phrase}", [("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, what: str, service: str, environ: dict[str, Any]) -> bytes:
        if what == "alive":
            return b""
        if what == "touched":
            return json.dumps(self._take()).encode()
        if what == "save":
            return self._alone(lambda: save(service))
        if what == "open":
            self._open()
            return b""
        return json.dumps(load(environ["wsgi.input"].read())).encode()

    def _take(self) -> dict[str, Any]:
        """`touched`: service -> who touched it since this was asked last; `running`: whether executions run, which
        touch theirs, for the last time when they have ended."""
        running = {one.service_name for one in _instances() if states.running(one)}
        for name in self._running | running:
            self._add(name, "stepfunctions")
        self._running = running
        with self._adding:
            taken, self._touched = self._touched, {}
        return {"touched": {name: sorted(who - {""}) for name, who in taken.items()}, "running": bool(running)}

    def _alone(self, work: Callable[[], bytes]) -> bytes:
        """Do it while nothing begins, and nothing is under way that ends soon."""
        until = time.monotonic() + self._quiet
        with self._changed:
            self._closed = True
            while self._under_way and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
        before = sys.getswitchinterval()
        sys.setswitchinterval(UNINTERRUPTED)
        try:
            return work()
        finally:
            sys.setswitchinterval(before)
            self._open()

    def _open(self) -> None:
        with self._changed:
            self._closed = False
            self._changed.notify_all()


def save(service: str) -> bytes:
    """What a service of moto's holds, all accounts. Raises PicklingError."""
    body = io.BytesIO()
    writer = pickles.Writer(body, _backends())
    held = {place_of(one): _states(one) for one in _instances() if one.service_name == service}
    if not held:
        raise pickle.PicklingError(f"moto holds nothing of {service}")
    writer.dump(held)
    fields = {_name(one): pickles.fields(one) for one in writer.classes}
    head = {"format": FORMAT, "moto": _moto(), "fields": fields}
    return b"%s\n%s" % (json.dumps(head).encode(), body.getvalue())


def _states(services: Any) -> dict[str, dict[str, Any]]:
    """Account -> region -> what is held there."""
    return {account: {region: vars(one) for region, one in of.items()} for account, of in services.items()}


def load(content: bytes) -> dict[str, int]:
    """Hold what was kept; answers how many executions ran then and do so no more. Raises UnpicklingError and others
    when this moto can't read it; it holds nothing of it then."""
    first, _, rest = content.partition(b"\n")
    head = json.loads(first)
    if head["format"] != FORMAT:
        raise pickle.UnpicklingError(f"its format is {head['format']}")
    reader = pickles.Reader(io.BytesIO(rest))
    kept = {pickles.backends(*place): said for place, said in reader.load().items()}
    _recognise(reader.classes, head)
    for services, accounts in kept.items():
        for account, regions in accounts.items():
            for region, state in regions.items():
                vars(services[account][region]).update(state)
    return {"interrupted": sum(states.interrupt(services) for services in kept)}


def _recognise(classes: set[type], head: Mapping[str, Any]) -> None:
    """Raises UnpicklingError when a class of an other moto's has fields that what was kept doesn't know."""
    for made in classes if head["moto"] != _moto() else ():
        if set(pickles.fields(made)) - set(head["fields"].get(_name(made), ())):
            raise pickle.UnpicklingError(
                f"{_name(made)} is another one in moto {_moto()}; it was kept by {head['moto']}"
            )


def _name(made: type) -> str:
    return f"{made.__module__}.{made.__qualname__}"


def place_of(services: Any) -> tuple[str, str]:
    """Where moto has these backends: beside their class, or in another module of that service. Raises PicklingError."""
    known = _PLACES.get(id(services))
    if known is None or getattr(sys.modules[known[0]], known[1], None) is not services:
        known = _PLACES[id(services)] = _find(services)
    return known


_PLACES: dict[int, tuple[str, str]] = {}


def _find(services: Any) -> tuple[str, str]:
    beside = services.backend.__module__
    package = ".".join(beside.split(".")[:2])
    near = (name for name in list(sys.modules) if name.startswith(f"{package}."))
    for module in itertools.chain((beside,), near):
        for name, value in list(vars(sys.modules[module]).items()):
            if value is services:
                return module, name
    raise pickle.PicklingError(f"{services.service_name} has no place in {package}")


def _instances() -> list[Any]:
    from moto.core.base_backend import BackendDict

    found: list[Any] = vars(BackendDict)["_instances"]
    return list(found)


def _backends() -> dict[int, pickles.Backend]:
    found: dict[int, pickles.Backend] = {}
    for services in _instances():
        place = place_of(services)
        found |= {id(one): (*place, account, region) for account, of in services.items() for region, one in of.items()}
    return found


def _moto() -> str:
    import moto

    return str(moto.__version__)


def _said(error: Exception) -> bytes:
    return f"{type(error).__name__}: {error}".encode()
