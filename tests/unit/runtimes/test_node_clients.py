"""What /var/runtime holds for Node.js. npm is replaced."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from lambent.runtimes import installs, node_clients
from lambent.runtimes.installs import ClientError, ClientUnavailable, RegistryUnreachable


def packed(path: Path, names: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in names.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What npm was asked for."""
    asked: list[str] = []

    def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        if "pack" in command:
            asked.append(command[2])
            main = "dist/index.mjs" if "^3" in command[2] else "index.mjs"
            packed(cwd / "ric.tgz", {main: b"client", "LICENSE": b"l", "deps/curl.tar.gz": b"large"})
            return subprocess.CompletedProcess(command, 0, "ric.tgz\n", "")
        asked.append(",".join(json.loads((cwd / "package.json").read_text())["dependencies"]))
        (cwd / "node_modules/@aws-sdk").mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(installs, "run", run)
    return asked


TWO = ("client-s3", "client-sqs")


def test_client_and_sdk_are_installed_once(tmp_path: Path, npm: list[str]) -> None:
    folder = node_clients.install("22", ["npm"], tmp_path, TWO)
    assert node_clients.install("22", ["npm"], tmp_path, TWO) == folder
    newer = node_clients.install("24", ["npm"], tmp_path, TWO)
    assert npm == ["@aws-sdk/client-s3,@aws-sdk/client-sqs", "aws-lambda-ric@^3.3.0", "aws-lambda-ric@^4.0.2"]
    for one in (folder, newer):
        names = {path.name for path in one.iterdir()}
        assert names == {
            "index.mjs", "LICENSE", "rapid-client.node", "ca-cert.pem", "node_modules", "lambent-client.json",
        }  # fmt: skip
        assert (one / "index.mjs").read_text() == "client"
    assert [path.name for path in (node_clients.sdk_folder(tmp_path, TWO) / "node_modules").iterdir()] == ["@aws-sdk"]


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("npm error code ENOTFOUND", RegistryUnreachable),
        ("npm error code E404\nnpm error 404 Not Found", ClientUnavailable),
        ("npm error code ENOSPC", ClientError),
        ("", ClientError),
    ],
)
def test_npms_failures_are_told_apart(
    tmp_path: Path, stderr: str, kind: type[ClientError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", stderr)

    monkeypatch.setattr(installs, "run", run)
    with pytest.raises(ClientError) as failed:
        node_clients.install("22", ["npm"], tmp_path, ("client-s3",))
    assert type(failed.value) is kind


def test_the_client_is_unpacked_without_what_the_smallest_python_lacks(
    tmp_path: Path, npm: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12's 3.11.2 has no extraction filters."""
    monkeypatch.delattr(tarfile.TarFile, "extractall")
    assert (node_clients.install("22", ["npm"], tmp_path, ()) / "index.mjs").read_text() == "client"


def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    packed(tmp_path / "ric.tgz", {"../../out": b"x"})
    with pytest.raises(ClientError, match=r"it holds 'package/\.\./\.\./out'"):
        node_clients._unpack(tmp_path / "ric.tgz", tmp_path / "made")
    assert not (tmp_path / "out").exists()
