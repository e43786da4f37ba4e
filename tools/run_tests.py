"""Runs all the tests, several beside each other, because they wait as much as they work; then what fills the machine,
alone. What counts mounts has a mount namespace of its own. `python -m tools.run_tests`; the exit status is 1 if any
group failed.

Where CI=true and this is root, an ordinary user with the system's python3 is made, and has its own run of all that may
come out differently then, beside root's.

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
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools import ordinary_user
from tools.ordinary_user import User

TESTS = Path("tests")
COUNTING = ("sandbox", "e2e/lambda_/test_file_systems.py")
"""What must find the mounts that were there before; other tests of root's mount as well."""
ALONE = ("e2e/test_leaks.py", "e2e/telemetry/test_logging.py::test_a_flood_of_log_lines_harms_nobody")
"""What fills the machine."""
WAITING = ("e2e",)
WORKERS = ("--numprocesses=2", "--dist=loadfile")
"""Of those that wait: a file's tests stay together, with the servers that they share."""
USERS_RULES = (
    "unit/cli/test_cli_listing.py", "unit/cli/test_cli_main.py", "unit/cli/test_cli_package.py",
    "unit/cli/test_cli_reset.py", "unit/cli/test_cli_state.py", "unit/cli/test_cli_tools.py",
    "unit/cli/test_cli_tune.py", "unit/cli/test_cli_watch.py", "unit/cli/test_settings.py",
    "unit/neighbour/test_keeping_dynamodb_local.py", "unit/neighbour/test_moto_guard.py",
    "unit/neighbour/test_process.py", "unit/runtimes", "unit/sandbox", "unit/server", "unit/store",
)  # fmt: skip
"""What has to do with files, processes and users. What asks none of them comes out the same, and root's run has it."""
USERS_PYTHON = ("unit", "architecture", "conformance", "docs")
"""All of the rules: where the user's Python is of another minor version than root's."""
USERS_SERVERS = (
    "e2e/cli/test_cli_for_real.py", "e2e/demo", "e2e/debug", "e2e/extensions/test_extensions.py",
    "e2e/lambda_/test_failed_starts.py", "e2e/lambda_/test_invoke.py", "e2e/lambda_/test_python_starts.py",
    "e2e/lambda_/test_rows_of_limits.py", "e2e/lambda_/test_runtimes.py", "e2e/lambda_/test_runtimes_and_layers.py",
    "e2e/lambda_/test_snapstart.py", "e2e/lambda_/test_vpc_and_architecture.py", "e2e/runtimes/test_image.py",
    "e2e/runtimes/test_node.py", "e2e/runtimes/test_opt.py", "e2e/test_ordinary_user.py",
    "e2e/test_outbound.py", "e2e/test_server.py",
    "e2e/documents/test_commands.py::test_the_commands_of_a_page_work_as_they_stand[README.md]",
)  # fmt: skip
"""What may come out differently for another user: how environments are made, confined and ended, and what the user
does. What a function or a client sees of them is the same then, and root's run has it."""
USERS_ALONE = ALONE[:1]
"""Whether all is gone afterwards; a flood of lines is a flood for whomever."""
PROGRAMS = {
    "slirp4netns": "slirp4netns",
    "pasta": "passt",
    "newuidmap": "uidmap",
    "chromium": "chromium",
    "rclone": "rclone",
}
"""What the tests of ordinary users, of browsers and of clients take, and the Debian packages that have it."""
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


def begin(name: str, words: Iterable[str], user: User | None = None, own_mounts: bool = False) -> Group:
    """Begin pytest with some folders, files or tests, and options; with mounts that nobody else changes."""
    words = list(words)
    print(f"== {name}: {' '.join(words)}", flush=True)
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the group closes it by ending
    python = sys.executable if user is None else str(user.clone / ".venv/bin/python")
    command = [python, "-m", "pytest", f"--durations={SLOWEST}", "--durations-min=5", *words]
    command, cwd, env = (command, None, None) if user is None else (user.command(command), user.clone, user.environment)
    if own_mounts and os.geteuid() == 0:
        command = ["unshare", "--mount", "--propagation", "private", "--", *command]
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env)
    return Group(name, process, output, time.monotonic(), user)


def paths(names: Iterable[str]) -> list[str]:
    """Folders, files and tests below tests/."""
    return [str(TESTS / name) for name in names]


def again(group: Group) -> bool:
    """Whether what failed in a group passes with nothing beside it."""
    unsteady = names = group.failed()
    if not 0 < len(names) <= REPEATED_AT_MOST:
        return False
    for _ in range(REPEATS):
        repeated = begin(f"{group.name}, what failed there, alone", names, group.user, own_mounts=True).end()
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


def roots(folders: list[str]) -> list[Group]:
    """What runs beside the tests with real servers, one after the other."""
    others = [folder for folder in folders if folder not in (*COUNTING, *WAITING)]
    return [
        begin("everything else", paths(others)).end(),
        begin("what counts mounts", paths(COUNTING), own_mounts=True).end(),
    ]


def theirs(user: User) -> list[Group] | None:
    """The user's set-up and groups, one after the other; None when the set-up fails."""
    if settle(user):
        return None
    rules = USERS_RULES if ordinary_user.minor() == sys.version_info.minor else USERS_PYTHON
    return [
        begin("an ordinary user's servers", paths(USERS_SERVERS), user).end(),
        begin("an ordinary user's rules", paths(rules), user).end(),
        begin("what counts mounts, of an ordinary user", paths(COUNTING), user, own_mounts=True).end(),
    ]


def beside(user: User | None) -> list[Group] | None:
    """All that runs beside each other; None when the user can't be set up."""
    folders = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and not path.name.startswith(("__", ".")))
    left_out = [f"--deselect={path}" for path in paths((*COUNTING, *ALONE))]
    with ThreadPoolExecutor(1) as track:
        users = track.submit(theirs, user) if user else None
        waiting = begin("with real servers", [*WORKERS, *left_out, *paths(WAITING)])
        groups = roots(folders)
        found = users.result() if users else []
        groups.append(waiting.end())
    return None if found is None else groups + found


def alone(user: User | None) -> list[Group]:
    """What fills the machine."""
    groups = [begin("what fills the machine, alone", paths(ALONE)).end()]
    return [*groups, begin("the same, of an ordinary user", paths(USERS_ALONE), user).end()] if user else groups


def main() -> int:
    """The exit status."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of some hundred servers would compile everything again
    add_programs()
    with ExitStack() as stack:
        user = None
        if in_charge():
            user = ordinary_user.make(Path.cwd())
            stack.callback(ordinary_user.remove, user.name)
        groups = beside(user)
        if groups is None:
            return 1
        failed = [group for group in groups + alone(user) if not (group.good or again(group))]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
