"""An ordinary user of this machine, made for the tests: a home, a clone of this repository, the system's own python3.

Nothing of root's is within reach: neither its interpreters, nor its caches, nor its working folder. The name has the
number of the process that made it: runs beside each other have a user each, and the next one finds what is left.
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

PREFIX = "lambent-tests-"
PYTHON = Path("/usr/bin/python3")
HANDED_ON = ("PIP_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE")
"""What the environment says of registries and the way there, which is the machine's and not root's."""
NOT_HANDED_ON = ("PIP_CACHE_DIR", "PIP_CONFIG_FILE", "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_CACHE")


@dataclass(frozen=True, slots=True)
class User:
    """The user, whose home is there."""

    name: str
    home: Path
    source: Path

    @property
    def venv(self) -> Path:
        """Where `make setup` installs."""
        return self.clone / ".venv"

    @property
    def clone(self) -> Path:
        """The repository, with its virtual environment after `set_up`."""
        return self.home / "lambent"

    @property
    def environment(self) -> dict[str, str]:
        """What a login would give, and where the registries are."""
        own = {"HOME": str(self.home), "USER": self.name, "LOGNAME": self.name, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        told = {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith(HANDED_ON) and name.upper() not in NOT_HANDED_ON
        }
        return {**told, **own, "LANG": "C.UTF-8"}

    def command(self, words: Sequence[str]) -> list[str]:
        """What runs `words` as this user."""
        return ["setpriv", "--reuid", self.name, "--regid", self.name, "--clear-groups", "--", *words]

    def set_up(self) -> str:
        """`make setup` with the system's python3; what went wrong, or nothing. Blocks, for a minute, or for seconds
        where it finds all the packages: this Python's do for one of the same minor version, and are copied."""
        if minor() == sys.version_info.minor and Path(sys.prefix) == self.source / self.venv.name:
            self._give_packages()
        words = ["make", "--silent", "setup", f"PYTHON={PYTHON}"]
        done = subprocess.run(
            self.command(words), cwd=self.clone, env=self.environment, capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def _give_packages(self) -> None:
        """Copies of the packages and programs of this run's environment, but of Lambent itself. Raises OSError and
        CalledProcessError."""
        site = Path("lib", f"python3.{sys.version_info.minor}", "site-packages")
        (self.venv / site).parent.mkdir(parents=True)
        _run("cp", "--archive", "--reflink=auto", str(Path(sys.prefix, site)), str(self.venv / site))
        for own in (*(self.venv / site).glob("lambent-*"), *(self.venv / site).glob("*lambent*.pth")):
            shutil.rmtree(own) if own.is_dir() else own.unlink()
        (self.venv / "bin").mkdir()
        for program in Path(sys.prefix, "bin").iterdir():
            if program.is_file() and not program.name.startswith(("python", "activate", "lambent")):
                ours = Path(shutil.copy(program, self.venv / "bin"))
                line, _, rest = ours.read_bytes().partition(b"\n")
                if line.startswith(b"#!"):
                    ours.write_bytes(line.replace(sys.prefix.encode(), str(self.venv).encode()) + b"\n" + rest)
        _run("chown", "--recursive", f"{self.name}:{self.name}", str(self.venv))


def make(source: Path) -> User:
    """This process's user, with a fresh clone of what is committed in `source`. As root. Raises CalledProcessError."""
    for name in left():
        remove(name)
    name = f"{PREFIX}{os.getpid()}"
    _run("useradd", "--create-home", "--shell", "/bin/bash", name)
    user = User(name, Path("~" + name).expanduser(), source)
    user.home.chmod(0o755)
    _run("git", "-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", str(source), str(user.clone))
    _run("chown", "--recursive", f"{name}:{name}", str(user.clone))
    return user


def left() -> list[str]:
    """Names of users whose makers have ended, or are this process."""
    makers = [entry.pw_name.removeprefix(PREFIX) for entry in pwd.getpwall() if entry.pw_name.startswith(PREFIX)]
    mine = str(os.getpid())
    return [PREFIX + maker for maker in makers if maker == mine or not Path("/proc", maker).exists()]


def remove(name: str) -> None:
    """The user, the home, what still runs of it and what its pytest left are gone."""
    shutil.rmtree(Path("/tmp", f"pytest-of-{name}"), ignore_errors=True)  # noqa: S108 - pytest's own choice of place
    number = pwd.getpwnam(name).pw_uid
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == number:
                os.kill(int(entry.name), signal.SIGKILL)
    subprocess.run(["userdel", "--force", "--remove", name], capture_output=True, check=False)
    shutil.rmtree(Path("/home", name), ignore_errors=True)


def missing() -> list[str]:
    """The Debian packages that the system's python3 lacks for a virtual environment."""
    if not PYTHON.exists():
        return ["python3", "python3-venv"]
    able = subprocess.run([str(PYTHON), "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return ["python3-venv"] if able.returncode else []


def minor() -> int:
    """The minor version of the system's python3. Raises CalledProcessError."""
    asked = [str(PYTHON), "-c", "import sys; print(sys.version_info.minor)"]
    return int(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=sys.stderr)
