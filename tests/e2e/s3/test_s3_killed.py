"""The server of buckets is killed under puts: what was acknowledged is there and was told, nothing is there by half.

LAMBENT_TORTURE is the number of kills (4).
"""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

KILLS = int(os.environ.get("LAMBENT_TORTURE", "4"))
WRITERS = 4
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
SIZES = (10, 1_000, 40_000, 300_000)


class Platform:
    """S3 in a process that is killed and started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.told = folder / "told"
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.unit.services_s3.plane", str(self._folder / "data"), str(self.told)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        return process

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def restart(self) -> None:
        self._process = self._start()

    def peak_megabytes(self) -> float:
        """The most memory that it had so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1_024  # type: ignore[index]

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="s",
            config=Config(retries={"max_attempts": 0}, connect_timeout=2, read_timeout=5),
        )


def content(key: str, round_: int, size: int) -> bytes:
    seed = hashlib.sha256(f"{key}/{round_}".encode()).digest()
    return (seed * (size // 32 + 1))[:size]


def write(
    platform: Platform, writer: int, round_: int, until: threading.Event, done: dict[str, tuple[int, int]]
) -> None:
    """Put objects until the server is gone; `done` are those that were acknowledged, `round_` and size by key."""
    chance, client = random.Random(f"{writer}/{round_}"), platform.client()
    number = 0
    while not until.is_set():
        key, size = f"{writer}/{number % 7}", chance.choice(SIZES)
        tried = round_ * 10_000 + number
        try:
            client.put_object(Bucket="kept", Key=key, Body=content(key, tried, size))
        except (BotoCoreError, ClientError, OSError):
            done[f"?{key}"] = (tried, size)
            return
        done[key] = (tried, size)
        number += 1


def check(platform: Platform, done: dict[str, tuple[int, int]]) -> None:
    client = platform.client()
    for key, (tried, size) in list(done.items()):
        if key.startswith("?"):
            continue
        got = client.get_object(Bucket="kept", Key=key)["Body"].read()
        allowed = [content(key, tried, size)]
        if f"?{key}" in done:  # under way when it was killed: there or not, whole in any case
            allowed.append(content(key, *done[f"?{key}"]))
        assert got in allowed, key
        if got != allowed[0]:
            done[key] = done[f"?{key}"]
    for key in [key for key in done if key.startswith("?")]:
        del done[key]


def etags_told(platform: Platform) -> set[tuple[str, str]]:
    lines = platform.told.read_bytes().splitlines() if platform.told.exists() else []
    records = [one for line in lines for one in json.loads(line).get("Records", ())]
    return {(one["s3"]["object"]["key"], one["s3"]["object"]["eTag"]) for one in records}


@pytest.mark.timeout(180 + 15 * KILLS)
def test_what_was_acknowledged_is_there_and_was_told(tmp_path: Path) -> None:
    platform = Platform(tmp_path)
    client = platform.client()
    client.create_bucket(Bucket="kept")
    rule = {"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}
    client.put_bucket_notification_configuration(
        Bucket="kept", NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    done: list[dict[str, tuple[int, int]]] = [{} for _ in range(WRITERS)]
    for round_ in range(KILLS):
        until = threading.Event()
        with ThreadPoolExecutor(WRITERS) as pool:
            for writer in range(WRITERS):
                pool.submit(write, platform, writer, round_, until, done[writer])
            time.sleep(random.Random(round_).uniform(0.2, 0.7))
            platform.kill()
            until.set()
        platform.restart()
        for one in done:
            check(platform, one)
    expected = {(key, _md5(key, *of)) for one in done for key, of in one.items()}
    assert expected
    deadline = time.monotonic() + 20
    while not expected <= etags_told(platform) and time.monotonic() < deadline:
        time.sleep(0.05)
    print(f"{KILLS} kills: {len(expected)} objects, {len(expected - etags_told(platform))} not told")
    assert expected <= etags_told(platform)
    platform.kill()


def _md5(key: str, tried: int, size: int) -> str:
    return hashlib.md5(content(key, tried, size), usedforsecurity=False).hexdigest()
