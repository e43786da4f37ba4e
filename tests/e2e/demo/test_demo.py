"""`python -m examples.demo`, as the reader runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(90)
def test_demo_passes_its_own_checks(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "120"}
    demo = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stdout + demo.stderr
    reports = [line for line in demo.stdout.splitlines() if line.startswith("REPORT RequestId: ")]
    assert len(reports) == 2
    assert "Init Duration:" in reports[0] and "Init Duration:" not in reports[1]
    assert "240 PDFs" in demo.stdout
    assert list(tmp_path.iterdir()) == []


def test_demo_says_why_it_fails(tmp_path: Path) -> None:
    """A server that does not start: one line with its reason, exit code 1, nothing left."""
    program = (
        "import sys\n"
        "from examples.demo import __main__ as demo, server\n"
        "demo.Server = lambda: server.Server('--isolation', 'nonsense')\n"
        "sys.exit(demo.main())\n"
    )
    demo = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert demo.returncode == 1, demo.stdout + demo.stderr
    assert "✗ Lambent did not start" in demo.stdout
    assert "Traceback" not in demo.stderr
    assert list(tmp_path.iterdir()) == []
