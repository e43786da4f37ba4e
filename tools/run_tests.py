"""Runs all the tests: two groups beside each other, because one mostly waits, then those that count what is left on
the machine, alone. `python -m tools.run_tests`; the exit status is 1 if any group failed.

Where CI=true and this is root, an ordinary user with the system's python3 is made, and has its own run of all that may
come out differently then: beside root's, in the place of what has ended there.

A group with few failures has those again at the end, with nothing beside it: a time-out under load is told from a fault
that way. Each such test is named as unsteady; one that fails in all repeats fails the run.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools import ordinary_user
from tools.ordinary_user import User

TESTS = Path("tests")
ALONE = ("sandbox",)
WAITING = ("e2e",)
USERS = {
    "an ordinary user's rules": ("unit", "architecture", "conformance", "docs"),
    "an ordinary user's servers": (
        "recorded", "e2e/cli", "e2e/demo", "e2e/debug", "e2e/extensions", "e2e/lambda_", "e2e/runtimes",
        "e2e/telemetry", "e2e/testing", "e2e/test_ordinary_user.py", "e2e/test_outbound.py",
        "e2e/test_server.py",
        "e2e/documents/test_commands.py::test_the_commands_of_a_page_work_as_they_stand[README.md]",
    ),
}  # fmt: skip
"""What may come out differently for another user, or on another Python. The rest drives the same servers with other
requests: root's run has it."""
USERS_ALONE = (*ALONE, "e2e/test_leaks.py")
"""It counts the machine's mounts, which root's tests make as well."""
PROGRAMS = {"slirp4netns": "slirp4netns", "pasta": "passt", "newuidmap": "uidmap", "chromium": "chromium"}
"""What the tests of ordinary users and of browsers take, and the Debian packages that have it."""
POSTGRESQL = Path("/usr/lib/postgresql")
"""Where Debian's package `postgresql` has its programs, by version; they are on nobody's PATH."""
GOOD = (0, 5)
"""pytest's exit statuses: all passed, and nothing collected."""
TELL_SECONDS = 30.0
REPEATED_AT_MOST = 10
"""Failures of one group. More are no accident of the load."""
REPEATS = 2
SLOWEST = 15
"""So many tests of a group are named with what they took, if that is more than five seconds."""
FAILED = re.compile(rb"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)
"""A line of pytest's short summary, and the test's name in it; not of a pytest that a test has run."""


@dataclass(slots=True)
class Group:
    """A running pytest."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]
    started: float
    user: User | None
    status: int = -1

    @property
    def good(self) -> bool:
        """Whether it has ended, and all passed."""
        return self.status in GOOD

    def end(self) -> "Group":
        """Wait for it, say now and then how far it is, print what it said."""
        while True:
            try:
                self.status = self.process.wait(TELL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"   {self.name}: {self._percent()} after {self._seconds():.0f} s", flush=True)
        sys.stdout.buffer.write(self._said())
        print(f"== {self.name}: {'passed' if self.good else 'FAILED'} in {self._seconds():.0f} s", flush=True)
        return self

    def failed(self) -> list[str]:
        """The tests that failed, by name."""
        return [name.decode() for name in FAILED.findall(self._said())]

    def _seconds(self) -> float:
        return time.monotonic() - self.started

    def _said(self) -> bytes:
        return os.pread(self.output.fileno(), os.fstat(self.output.fileno()).st_size, 0)

    def _percent(self) -> str:
        """How far pytest says it is."""
        found: list[bytes] = re.findall(rb"\[ *(\d+%)\]", self._said())
        return found[-1].decode() if found else "0%"


def start(name: str, folders: Iterable[str], user: User | None = None) -> Group:
    """Begin the tests of some folders below tests/, as another user if one is given."""
    return begin(name, [str(TESTS / folder) for folder in folders], user)


def begin(name: str, paths: list[str], user: User | None) -> Group:
    """Begin pytest with some folders, files or tests."""
    print(f"== {name}: {' '.join(paths)}", flush=True)
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the group closes it by ending
    python = sys.executable if user is None else str(user.clone / ".venv/bin/python")
    command = [python, "-m", "pytest", f"--durations={SLOWEST}", "--durations-min=5", *paths]
    command, cwd, env = (command, None, None) if user is None else (user.command(command), user.clone, user.environment)
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env)
    return Group(name, process, output, time.monotonic(), user)


def again(group: Group) -> bool:
    """Whether what failed in a group passes with nothing beside it."""
    unsteady = names = group.failed()
    if not 0 < len(names) <= REPEATED_AT_MOST:
        return False
    for _ in range(REPEATS):
        repeated = begin(f"{group.name}, what failed there, alone", names, group.user).end()
        if repeated.good:
            print(f"== unsteady: {' '.join(unsteady)}", flush=True)
            return True
        names = repeated.failed() or names
    return False


def in_charge() -> bool:
    """Whether this run may install packages and make a user."""
    return bool(os.environ.get("CI")) and os.geteuid() == 0


def add_programs() -> None:
    """What is missing is installed where CI=true (tests fail without it then) and this is root; else it is named."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    missing += [] if any(POSTGRESQL.glob("*/bin/initdb")) else ["postgresql"]
    missing += ordinary_user.missing() if in_charge() else []
    if not missing:
        return
    said = f"the tests of ordinary users, browsers and databases need: apt-get install {' '.join(missing)}"
    if not (in_charge() and shutil.which("apt-get")):
        print(said, flush=True)
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", "--quiet", *command], check=False, capture_output=True, text=True, env=quiet)
        if done.returncode:
            print(f"{said}\n{done.stderr}", flush=True)
            return


def settle(user: User) -> str:
    """The user's own set-up, as the README has it; what went wrong, or nothing."""
    began = time.monotonic()
    said = user.set_up()
    print(f"== an ordinary user's `make setup`: {said or f'done in {time.monotonic() - began:.0f} s'}", flush=True)
    return said


def main() -> int:
    """The exit status."""
    add_programs()
    folders = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and not path.name.startswith(("__", ".")))
    others = [folder for folder in folders if folder not in (*ALONE, *WAITING)]
    with ExitStack() as stack:
        setting_up: Future[str] | None = None
        if in_charge():
            user = ordinary_user.make(Path.cwd())
            stack.callback(ordinary_user.remove, user.name)
            setting_up = stack.enter_context(ThreadPoolExecutor(1)).submit(settle, user)
        waiting = start("with real servers", WAITING)
        groups = [start("everything else", others).end()]
        theirs = setting_up is not None and not setting_up.result()
        groups += [start(name, those, user).end() for name, those in USERS.items()] if theirs else []
        groups.append(waiting.end())
        groups.append(start("sandboxes, alone", ALONE).end())
        if theirs:
            groups.append(start("an ordinary user's sandboxes, alone", USERS_ALONE, user).end())
        failed = [group for group in groups if not (group.good or again(group))]
    return 0 if not failed and (theirs or setting_up is None) else 1


if __name__ == "__main__":
    sys.exit(main())
