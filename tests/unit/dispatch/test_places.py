"""Which place a function gets, and what is remembered."""

import asyncio
from pathlib import Path

import pytest

from lambent.environments import runtime_places as module
from lambent.environments.runtime_places import Places
from lambent.model.function import FunctionVersion, Image
from lambent.model.scope import Scope
from lambent.runtimes.images import ImagePlace
from lambent.runtimes.interpreters import Interpreter, InterpreterMissing
from lambent.runtimes.nodejs import NodePlace
from lambent.runtimes.nodes import Node
from lambent.runtimes.provided import ProvidedPlace
from lambent.runtimes.python import PythonPlace
from lambent.runtimes.table import RuntimeUnsupported
from lambent.sandbox.spec import Level
from lambent.store.images import Unpacked

PYTHON = Interpreter("3.12", "3.12.1", Path("/p/bin/python3.12"), Path("/p"), Path("/p/lib/python3.12"))


class OneImage:
    async def unpacked(self, uri: str, digest: str) -> Unpacked:
        return Unpacked(digest, Path("/i"), ("/bin/run",), ("app.handler",), "/srv", {"A": "1"})


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was installed, instead of installing it."""
    done: list[str] = []

    def client(interpreter: Interpreter, cache: Path) -> Path:
        done.append(interpreter.version)
        return cache

    def node_client(major: str, npm: list[str], cache: Path) -> Path:
        done.append(f"node{major}")
        return cache

    def fetch(major: str, cache: Path) -> Node:
        done.append(f"fetched{major}")
        return Node(f"{major}.1.0", cache / "node", cache)

    monkeypatch.setattr(module.clients, "install", client)
    monkeypatch.setattr(module.node_clients, "install", node_client)
    monkeypatch.setattr(module.nodes, "find", lambda: {"20": Node("20.1.0", Path("/n/bin/node"))})
    monkeypatch.setattr(module.nodes, "fetch", fetch)
    monkeypatch.setattr(module.nodes, "npm", lambda found, cache: ["npm"])
    return done


def places(mapping: dict[str, str] | None = None) -> Places:
    images: object = OneImage()
    return Places(Path("/cache"), mapping or {}, lambda: {"3.12": PYTHON}, Level.PROCESS, images)  # type: ignore[arg-type]


def function(runtime: str, image: Image | None = None) -> FunctionVersion:
    return FunctionVersion(Scope(), "f", "$LATEST", runtime, "h", "0", "r", "1", image=image)


def test_each_kind_has_its_place_and_it_is_made_once(installed: list[str]) -> None:
    async def main() -> None:
        one = places()
        kinds = {
            "python3.12": PythonPlace,
            "nodejs20.x": NodePlace,
            "nodejs22.x": NodePlace,
            "provided.al2": ProvidedPlace,
        }
        for runtime, kind in kinds.items():
            found = await asyncio.gather(*(one.place(function(runtime)) for _ in range(5)))
            assert isinstance(found[0], kind)
            assert all(place is found[0] for place in found)

    asyncio.run(main())
    assert installed == ["3.12", "node20", "fetched22", "node22"]


def test_a_mapped_runtime_keeps_its_own_paths(installed: list[str]) -> None:
    place = asyncio.run(places({"nodejs22.x": "20"}).place(function("nodejs22.x")))
    assert isinstance(place, NodePlace)
    assert (place.major, place.node.major, installed) == ("22", "20", ["node20"])


def test_an_image_says_what_its_function_does_not(installed: list[str]) -> None:
    async def main() -> tuple[object, object]:
        one = places()
        plain = await one.place(function("", Image("oci:/i", "0")))
        other = await one.place(function("", Image("oci:/i", "0", ("/own",), (), "/w")))
        return plain, other

    plain, other = asyncio.run(main())
    assert isinstance(plain, ImagePlace)
    assert isinstance(other, ImagePlace)
    assert (plain.entry_point, plain.command, plain.working_directory) == (("/bin/run",), ("app.handler",), "/srv")
    assert (other.entry_point, other.command, other.working_directory) == (("/own",), ("app.handler",), "/w")
    assert installed == []


def test_what_can_not_be_run_is_refused_before_it_is_needed(installed: list[str]) -> None:
    one = places()
    for runtime in ("python3.12", "nodejs24.x", "provided.al2023"):
        one.check(runtime)
    with pytest.raises(InterpreterMissing):
        one.check("python3.13")
    with pytest.raises(RuntimeUnsupported, match="use a container image"):
        one.check("ruby3.4")
    assert installed == []
