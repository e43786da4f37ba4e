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
    subprocess.run(["cp", "-a", "--reflink=auto", site, str(packages)], check=True)  # with its times: .pyc files count
    source = Path(__file__).parents[2] / "src"
    shutil.copytree(source / "lambent", packages / "lambent", ignore=shutil.ignore_patterns("__pycache__"))
    compiled = [str(_interpreter()), "-m", "compileall", "-q", str(packages / "lambent")]
    subprocess.run(compiled, check=True)  # not once for every server
    subprocess.run(["chmod", "-R", "a+rX", str(packages)], check=True)
    os.chown(home, UID, UID)


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
