"""Programs from PyPI and npm, installed once into the tests' cache, each with all it needs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import botocore

from tests.e2e.runtimes.harness import CACHE

FIRST_USE = ("--no-compile",)
"""What is imported is compiled then; of a large client that is a small part."""


def installed(*wanted: str) -> Path:
    """The folder that holds the packages `wanted` (requirements), for PYTHONPATH."""
    name = "-".join(wanted).translate(str.maketrans("<>=,", "____"))
    folder = CACHE / "clients" / f"py3.{sys.version_info.minor}" / name
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *FIRST_USE]
    subprocess.run([*command, "--target", str(fresh), *wanted], check=True, timeout=100)
    try:
        fresh.rename(folder)
    except OSError:  # another run was faster
        shutil.rmtree(fresh)
    return folder


def program(wanted: str, name: str) -> Path:
    """A program from PyPI in a virtual environment of its own, for those that pin what they need."""
    folder = CACHE / "clients" / f"py3.{sys.version_info.minor}" / wanted.translate(str.maketrans("<>=,", "____"))
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=100)
        command = [
            str(folder / "bin/python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *FIRST_USE,
        ]
        subprocess.run([*command, wanted], check=True, timeout=400)
        (folder / "whole").touch()
    return folder / "bin" / name


def files_of(folder: Path) -> dict[str, bytes]:
    """Everything in a folder that a package needs."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not re.search(r"\.(pyc|map|ts)$|^bin/", name)}


def node_runtime() -> str:
    """A runtime that this machine's Node.js serves."""
    major = re.match(
        r"v(\d+)", subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    )
    assert major is not None
    return f"nodejs{major[1]}.x"


def from_npm(*wanted: str) -> Path:
    """A folder with `node_modules` that has packages and what they need; installed once."""
    folder = CACHE / "clients" / "npm" / re.sub(r"\W+", "_", "-".join(wanted))
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(fresh), *wanted]
        subprocess.run(command, check=True, timeout=100, capture_output=True)
        fresh.rename(folder)
    return folder


def environment(packages: Path, endpoint: str, account: str, folder: Path) -> dict[str, str]:
    """What a client needs of its environment to find our endpoint, and nothing of the developer's own.

    `folder` takes botocore's waiters, which ask again at once.
    """
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONPATH": str(packages),
        "AWS_DATA_PATH": str(impatient_waiters(folder)),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
    }


def impatient_waiters(folder: Path) -> Path:
    """botocore's waiters for functions and stacks, which ask again at once: a folder for AWS_DATA_PATH."""
    for place in (Path("lambda") / "2015-03-31", Path("cloudformation") / "2010-05-15"):
        waiters = json.loads((Path(botocore.__file__).parent / "data" / place / "waiters-2.json").read_text())
        for waiter in waiters["waiters"].values():
            waiter["delay"] = 0.05
            waiter["maxAttempts"] = 2000
        (folder / "data" / place).mkdir(parents=True)
        (folder / "data" / place / "waiters-2.json").write_text(json.dumps(waiters))
    return folder / "data"


def installed_by_npm(wanted: str) -> Path:
    """The folder `node_modules` that holds one package, such as "osls@4.3.1"."""
    folder = CACHE / "clients" / "npm" / wanted.replace("@", "_")
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(fresh), wanted]
        subprocess.run(command, check=True, timeout=100)
        try:
            fresh.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return folder / "node_modules"
