"""Runs all the tests: two groups beside each other, because one mostly waits, then those that count what is left on
the machine, alone. `python -m tools.run_tests`; the exit status is 1 if any group failed.
"""

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


def main() -> int:
    """The exit status."""
    folders = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and not path.name.startswith(("__", ".")))
    others = [folder for folder in folders if folder not in (*ALONE, *WAITING)]
    beside = [start("with real servers", WAITING), start("everything else", others)]
    good = [group.end() for group in reversed(beside)]
    good.append(start("sandboxes, alone", ALONE).end())
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
