"""Clients of S3 as their makers ship them, each in a process of its own, against one server.

What they are told is what docs/clients.md says. None of it is needed to develop Lambent: it is installed once, into the
tests' cache. DuckDB's own place of extensions is none of a registry's; its httpfs is the one that PyPI has.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from lambent.runtimes import node_clients
from tests.e2e.clients.installed import installed
from tests.e2e.conftest import Server
from tests.e2e.runtimes.harness import CACHE

HERE = Path(__file__).parent / "s3"
RCLONE = "provider=Other,env_auth,region=us-east-1,force_path_style=true"

Run = Callable[..., str]


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """Runs a client with the variables of `lambent env`; answers what it says."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {"PATH": path, "HOME": str(tmp_path), "AWS_PAGER": "", "AWS_ENDPOINT_URL": server.endpoint}
    own |= {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "lambent", "AWS_DEFAULT_REGION": "us-east-1"}
    own |= {"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}

    def call(*words: str | Path, **more: str) -> str:
        done = subprocess.run(
            [str(word) for word in words], capture_output=True, text=True, timeout=90, env=own | more, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some files, one of them large enough for parts."""
    made = tmp_path / "made"
    (made / "sub").mkdir(parents=True)
    (made / "large").write_bytes(os.urandom(12 << 20))
    (made / "sub" / "é b.txt").write_text("hello")
    return made


def told(folder: Path) -> dict[str, bytes]:
    """The files in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_s3fs(run: Run) -> None:
    run(sys.executable, HERE / "with_s3fs.py", PYTHONPATH=str(installed("s3fs>=2025.3")))


def test_pyarrow(run: Run) -> None:
    run(sys.executable, HERE / "with_pyarrow.py", PYTHONPATH=str(installed("pyarrow>=20")))


def test_duckdb(run: Run) -> None:
    packages = installed("duckdb==1.4.4", "duckdb-ext-httpfs==1.4.4.20260205")
    [extension] = packages.rglob("httpfs.duckdb_extension")
    run("aws", "s3", "mb", "s3://from-duckdb")
    run(sys.executable, HERE / "with_duckdb.py", extension, PYTHONPATH=str(packages))


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="it needs Node.js and npm")
def test_lib_storage_of_javascript(run: Run) -> None:
    node_clients.install("22", ["npm"], CACHE)
    run("node", HERE / "with_lib_storage.cjs", NODE_PATH=str(node_clients.sdk_folder(CACHE) / "node_modules"))


@pytest.mark.skipif(
    os.environ.get("CI") != "true" and shutil.which("rclone") is None, reason="it needs Debian's package rclone"
)
def test_rclone(run: Run, server: Server, folder: Path, tmp_path: Path) -> None:
    there = f":s3,{RCLONE},endpoint='{server.endpoint}':from-rclone"
    run("rclone", "mkdir", there)
    parts = ("--s3-upload-cutoff=5M", "--s3-chunk-size=5M")
    run("rclone", "sync", folder, f"{there}/p", *parts)
    run("rclone", "check", folder, f"{there}/p")
    run("rclone", "sync", f"{there}/p", tmp_path / "back")
    assert told(tmp_path / "back") == told(folder)
    run("rclone", "purge", there)


def test_the_aws_cli(run: Run, folder: Path, tmp_path: Path) -> None:
    run("aws", "s3", "mb", "s3://from-cli")
    assert run("aws", "s3", "sync", folder, "s3://from-cli/p").count("upload:") == 2
    assert run("aws", "s3", "sync", folder, "s3://from-cli/p") == ""
    (folder / "sub" / "é b.txt").unlink()
    assert "delete: s3://from-cli/p/sub/é b.txt" in run("aws", "s3", "sync", "--delete", folder, "s3://from-cli/p")
    run("aws", "s3", "sync", "s3://from-cli/p", tmp_path / "back")
    assert told(tmp_path / "back") == told(folder)
    link = run("aws", "s3", "presign", "s3://from-cli/p/large").strip()
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert hashlib.sha256(answer.read()).digest() == hashlib.sha256((folder / "large").read_bytes()).digest()
    run("aws", "s3", "rb", "--force", "s3://from-cli")
