"""An ordinary user of this machine, made for the tests: a home, a clone of this repository, the system's own python3.

Nothing of root's is within reach: neither its interpreters, nor its caches, nor its working folder.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAME = "lambent-tests"
PYTHON = Path("/usr/bin/python3")
HANDED_ON = ("PIP_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE")
"""What the environment says of registries and the way there, which is the machine's and not root's."""
NOT_HANDED_ON = ("PIP_CACHE_DIR", "PIP_CONFIG_FILE", "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_CACHE")


@dataclass(frozen=True, slots=True)
class User:
    """The user, whose home is there."""

    home: Path

    @property
    def clone(self) -> Path:
        """The repository, with its virtual environment after `set_up`."""
        return self.home / "lambent"

    @property
    def environment(self) -> dict[str, str]:
        """What a login would give, and where the registries are."""
        own = {"HOME": str(self.home), "USER": NAME, "LOGNAME": NAME, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        told = {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith(HANDED_ON) and name.upper() not in NOT_HANDED_ON
        }
        return {**told, **own, "LANG": "C.UTF-8"}

    def command(self, words: Sequence[str]) -> list[str]:
        """What runs `words` as this user."""
        return ["setpriv", "--reuid", NAME, "--regid", NAME, "--clear-groups", "--", *words]

    def set_up(self) -> str:
        """`make setup` with the system's python3; what went wrong, or nothing. Blocks, for a minute."""
        words = ["make", "--silent", "setup", f"PYTHON={PYTHON}"]
        done = subprocess.run(
            self.command(words), cwd=self.clone, env=self.environment, capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr


def make(source: Path) -> User:
    """The user, with a fresh clone of what is committed in `source`. As root. Raises CalledProcessError."""
    remove()
    _run("useradd", "--create-home", "--shell", "/bin/bash", NAME)
    user = User(Path("~" + NAME).expanduser())
    user.home.chmod(0o755)
    _run("git", "-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", str(source), str(user.clone))
    _run("chown", "--recursive", f"{NAME}:{NAME}", str(user.clone))
    return user


def remove() -> None:
    """The user, the home, what still runs of it and what its pytest left are gone: the next one has another number."""
    shutil.rmtree(Path("/tmp", f"pytest-of-{NAME}"), ignore_errors=True)  # noqa: S108 - pytest's own choice of place
    try:
        number = pwd.getpwnam(NAME).pw_uid
    except KeyError:
        return
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == number:
                os.kill(int(entry.name), signal.SIGKILL)
    subprocess.run(["userdel", "--force", "--remove", NAME], capture_output=True, check=False)
    shutil.rmtree(Path("/home", NAME), ignore_errors=True)


def missing() -> list[str]:
    """The Debian packages that the system's python3 lacks for a virtual environment."""
    if not PYTHON.exists():
        return ["python3", "python3-venv"]
    able = subprocess.run([str(PYTHON), "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return ["python3-venv"] if able.returncode else []


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=sys.stderr)
