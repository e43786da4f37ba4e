"""kill -9 at random moments under publishers: what was acknowledged is delivered, a group in its order.

LAMBENT_TORTURE is the number of rounds (4), LAMBENT_TORTURE_SEED makes them the same again.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("LAMBENT_TORTURE", "4"))
SEED = int(os.environ.get("LAMBENT_TORTURE_SEED", "0")) or time.time_ns()
ROOT = Path(__file__).parents[3]


def life(folder: Path, first: int, seed: int, seconds: float) -> list[int]:
    """One life of a victim, so many seconds from its first acknowledgement on: the numbers that it acknowledged."""
    command = [sys.executable, "-m", "tests.e2e.topics.victim", str(folder), str(first), str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    said = process.stdout.readline()
    killer = threading.Timer(seconds, process.send_signal, (signal.SIGKILL,))
    killer.start()
    said += process.stdout.read()
    process.wait()
    killer.join()
    process.stdout.close()
    return [int(line) for line in said.split(b"\n")[:-1]]


def delivered(file: Path) -> list[int]:
    """The numbers, each where it came first."""
    return list(dict.fromkeys(int(line) for line in file.read_text().split()))


@pytest.mark.timeout(180 + 15 * ROUNDS)
def test_what_was_acknowledged_is_delivered(tmp_path: Path) -> None:
    print(f"LAMBENT_TORTURE_SEED={SEED}")
    chance = random.Random(SEED)
    acknowledged: list[int] = []
    for round_ in range(ROUNDS):
        acknowledged += life(tmp_path, 1_000_000 * (round_ + 1), chance.randrange(1 << 30), chance.uniform(0.05, 0.4))
    command = [sys.executable, "-m", "tests.e2e.topics.victim", str(tmp_path), "0", "1", "drain"]
    subprocess.run(command, check=True, cwd=ROOT, timeout=120 + 3 * ROUNDS)
    plain, fifo = delivered(tmp_path / "plain"), delivered(tmp_path / "fifo")
    lost = set(acknowledged) - {*plain, *fifo}
    print(f"{ROUNDS} kills: {len(acknowledged)} acknowledged, {len(plain) + len(fifo)} delivered, {len(lost)} lost")
    assert acknowledged
    assert not lost
    assert fifo == sorted(fifo)
