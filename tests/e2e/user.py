"""An ordinary user's servers, also when the tests run as root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

UID = 65534
"""nobody."""


def furnish(home: Path) -> None:
    """Make a home. For root's tests: with the packages, in a place that every user can read."""
    home.mkdir(mode=0o755)
    if os.getuid() != 0:
        return
    site = next(path for path in sys.path if path.endswith("site-packages"))
    packages = home / "packages"
    _bring(Path(site), packages)
    source = Path(__file__).parents[2] / "src"
    shutil.copytree(source / "lambent", packages / "lambent")
    # What is there compiled counts, since it came with its times; the rest is compiled once, not for every server.
    compiled = [str(_interpreter()), "-m", "compileall", "-q", str(packages / "lambent")]
    subprocess.run(compiled, check=True)
    subprocess.run(["chmod", "-R", "a+rX", str(packages / "lambent")], check=True)
    os.chown(home, UID, UID)


def _bring(site: Path, packages: Path) -> None:
    """Some ten thousand files: links where the file system and their modes allow it, else copies with their times."""
    readable = (site / "boto3/__init__.py").stat().st_mode & 0o004
    if readable and subprocess.run(["cp", "-al", str(site), str(packages)], check=False).returncode == 0:
        return
    shutil.rmtree(packages, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(site), str(packages)], check=True)
    subprocess.run(["chmod", "-R", "a+rX", str(packages)], check=True)


def as_user(home: Path) -> dict[str, Any]:
    """How `start` starts a server of the user who lives in `home`: this one, or nobody when this one is root."""
    environment = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": "/usr/bin:/bin",
        "LAMBENT_IMAGE_FOLDERS": "/tmp",
    }
    if os.getuid() != 0:
        return {"env": environment}
    environment |= {"PYTHONPATH": str(home / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    drop = ("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", str(_interpreter()))
    return {"env": environment, "prefix": drop}


def _interpreter() -> Path:
    """A Python of this minor version that any user can read."""
    name = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix) / "bin" / name, Path("/usr/bin") / name, Path("/usr/local/bin") / name):
        if candidate.exists() and _readable(candidate.resolve()):
            return candidate
    raise AssertionError(f"no {name} that an ordinary user can read")


def _readable(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.parents) and bool(path.stat().st_mode & 0o001)
