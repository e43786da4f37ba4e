"""Runs all the tests: two groups beside each other, because one mostly waits, then those that count what is left on
the machine, alone. `python -m tools.run_tests`; the exit status is 1 if any group failed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TESTS = Path("tests")
ALONE = ("sandbox",)
WAITING = ("e2e",)
PROGRAMS = {"slirp4netns": "slirp4netns", "pasta": "passt"}
"""What the tests of an ordinary user's network take, and the Debian packages that have it."""
GOOD = (0, 5)
"""pytest's exit statuses: all passed, and nothing collected."""


@dataclass(slots=True)
class Group:
    """A running pytest."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]
    started: float

    def end(self) -> bool:
        """Wait for it, print what it said; whether all passed."""
        status = self.process.wait()
        self.output.seek(0)
        sys.stdout.buffer.write(self.output.read())
        print(f"== {self.name}: {'passed' if status in GOOD else 'FAILED'} in {time.monotonic() - self.started:.0f} s")
        sys.stdout.flush()
        return status in GOOD


def start(name: str, folders: Sequence[str]) -> Group:
    """Begin the tests of some folders below tests/."""
    paths = [str(TESTS / folder) for folder in folders]
    print(f"== {name}: {' '.join(paths)}", flush=True)
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the group closes it by ending
    command = [sys.executable, "-m", "pytest", *paths]
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    return Group(name, process, output, time.monotonic())


def add_programs() -> None:
    """What is missing is installed where CI=true (tests fail without it then) and this is root; else it is named."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if not missing:
        return
    said = f"the tests of an ordinary user's network need: apt-get install {' '.join(missing)}"
    if not (os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get")):
        print(said, flush=True)
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", "--quiet", *command], check=False, capture_output=True, text=True, env=quiet)
        if done.returncode:
            print(f"{said}\n{done.stderr}", flush=True)
            return


def main() -> int:
    """The exit status."""
    add_programs()
    folders = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and not path.name.startswith(("__", ".")))
    others = [folder for folder in folders if folder not in (*ALONE, *WAITING)]
    beside = [start("with real servers", WAITING), start("everything else", others)]
    good = [group.end() for group in reversed(beside)]
    good.append(start("sandboxes, alone", ALONE).end())
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
