"""The arrows between rooms, as ARCHITECTURE.md draws them."""

import ast
import functools
from pathlib import Path

import botocore.session
import pytest

SOURCE = Path(__file__).parents[2] / "src" / "lambent"

ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "wire": {"model.constraints"},
    "sandbox": set(),
    "engine": {"model", "patterns"},
    "runtime_api": set(),
    "runtimes": {"model", "sandbox.spec"},
    "store": {"model", "outward"},
    "observe": {"model", "engine.statistics", "engine.insights", "engine.traces"},
    "deploy": {"store", "model", "wire.service", "wire.http", "clock", "patterns"},
    "services": {
        *("deploy", "engine", "store", "model", "wire.fault", "wire.http", "wire.site", "http_events"),
        *("observe", "buses", "queues", "streams", "objects", "topics", "clock", "ids", "permissions.reference"),
        *("wire.openapi_text", "wire.query", "wire.query_json"),
    },
    "http_events": {"model", "wire.http", "wire.site", "patterns"},
    "buses": {"engine", "store", "model", "clock"},
    "queues": {"engine", "store", "model", "clock"},
    "topics": {"engine", "store", "model"},
    "objects": {"engine", "store", "model", "clock"},
    "streams": {"store", "model", "clock"},
    "neighbour": {"model", "wire", "outward"},
    "environments": {"engine", "runtime_api", "runtimes", "sandbox", "store", "observe", "model", "clock"},
    "dispatch": {"engine", "runtime_api", "environments", "store", "observe", "model", "clock"},
    "events": {"queues", "streams", "engine", "store", "observe", "model", "clock"},
    "permissions": {"engine.authorisation", "wire", "model"},
    "gateway": {"wire", "model"},
    "pitfalls": {"model"},
    "console": {"clients", "engine.traces.waterfall", "engine.tuning"},
    "cli": {
        *(
            "clients",
            "console",
            "pitfalls",
            "settings",
            "server",
            "sandbox.probe",
            "runtimes.interpreters",
            "runtimes.nodes",
        ),
        *("deploy.template.reading", "deploy.errors", "engine.price", "engine.traces", "engine.tuning", "model.prices"),
        *("model.default_role", "model.reserved_variables"),
    },
    "settings": {"outward"},
    "outward": set(),
    "patterns": {"unambiguous"},
    "unambiguous": set(),
    "testing": set(),
    "server": set(),
    "clock": set(),
    "ids": set(),
    "clients": set(),
    "background": set(),
}
"""Room -> the rooms (or modules) of ours that it may import. `server`, the composition root, sees everything."""

PURE = ("model", "engine", "http_events")
IMPURE = {"asyncio", "socket", "subprocess", "threading", "time", "random", "os", "secrets", "uuid"}


ROOTS = ("settings", "clock", "background", "ids", "clients", "outward", "patterns", "unambiguous")
"""Modules beside the rooms."""


def modules() -> list[Path]:
    beside = [path for path in SOURCE.glob("*.py") if path.stem in ROOTS]
    return sorted([*beside, *(path for path in SOURCE.glob("*/**/*.py") if room_of(path) != "server")])


def room_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


@functools.cache
def imports(path: Path) -> set[str]:
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_what_its_arrows_allow(path: Path) -> None:
    room = room_of(path)
    allowed = ALLOWED[room] | {room}
    for name in imports(path):
        if not name.startswith("lambent.") or name == "lambent.__version__":
            continue
        inner = name.removeprefix("lambent.")
        fits = any(inner == one or inner.startswith(one + ".") or one.startswith(inner + ".") for one in allowed)
        assert fits, f"{path.relative_to(SOURCE)} imports {name}: {room} -> {inner.split('.')[0]} is not an arrow"


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_neither_waits_nor_asks_the_machine(room: str) -> None:
    for path in (SOURCE / room).rglob("*.py"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & IMPURE, f"{path.relative_to(SOURCE)} imports {roots & IMPURE}"


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_asks_no_clock(room: str) -> None:
    for path in (SOURCE / room).rglob("*.py"):
        asked = {
            ast.unparse(node)
            for node in nodes(path)
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
        }
        clocks = {one for one in asked if one.rpartition(".")[0] in ("datetime", "datetime.datetime", "date", "dt")}
        assert not clocks, f"{path.relative_to(SOURCE)} asks {clocks}"


WORDS_OF_MODELS = {"ec2", "location"}
"""Names of services that are also a protocol, and a trait of shapes."""
NAMED_ALL_THE_SAME = {"wire/sigv4.py": {"s3"}}
"""SigV4 itself makes an exception of S3."""


def test_the_wire_knows_no_service_by_name() -> None:
    services = set(botocore.session.Session().get_available_services()) - WORDS_OF_MODELS
    named = {}
    for path in (SOURCE / "wire").rglob("*.py"):
        prose = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
        texts = {
            node.value
            for node in nodes(path)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        }
        if texts & services:
            named[str(path.relative_to(SOURCE))] = texts & services
    assert named == NAMED_ALL_THE_SAME


def test_imports_are_absolute_but_inside_of_sandboxes() -> None:
    """What runs there is imported under another name; it stays among its own."""
    inside = SOURCE / "sandbox" / "inside"
    for path in SOURCE.rglob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert path.is_relative_to(inside), f"{path.relative_to(SOURCE)}:{node.lineno}"
                assert path.parents[node.level - 1].is_relative_to(inside), f"{path.relative_to(SOURCE)}:{node.lineno}"


def test_a_service_imports_no_other_service() -> None:
    services = SOURCE / "services"
    folders = {path.name for path in services.iterdir() if path.is_dir()}
    for path in services.glob("*/**/*.py"):
        own = path.relative_to(services).parts[0]
        named = {name.split(".")[2] for name in imports(path) if name.startswith("lambent.services.")}
        assert not named & folders - {own}, f"{path.relative_to(SOURCE)} imports {named & folders - {own}}"


def test_every_room_is_in_the_table_and_none_is_empty() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert rooms <= set(ALLOWED)
    for room in rooms:
        assert len(list((SOURCE / room).rglob("*.py"))) > 1, f"{room} has nothing in it"
