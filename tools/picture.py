"""Writes docs/demo.svg: the terminal picture of a real run of the demo. Run as `python -m tools.picture`."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "demo.svg"
WIDTH = 104


def main() -> int:
    """The demo's exit status; the picture is written when it is 0."""
    done = subprocess.run([sys.executable, "-m", "examples.demo"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        console = Console(record=True, width=WIDTH, file=StringIO())
        console.print(Text("$ make demo", style="bold"))
        console.print(Text.from_ansi(done.stdout))
        PICTURE.write_text(console.export_svg(title="make demo"), "utf-8")
    print(done.stdout, done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
