"""The control plane: what reading and creating a function takes, beside moto's server."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from bench.client import BenchError, Endpoint
from bench.figures import Figure, median
from bench.functions import NOOP
from bench.lab import Functions, Lab, fresh_name
from bench.processes import end

START_SECONDS = 120.0


async def measure(lab: Lab) -> list[Figure]:
    """p50 of GetFunctionConfiguration and CreateFunction, in turns."""
    lab.say("control plane")
    with moto() as (endpoint, role):
        sides = [Functions(lab.lambent), Functions(endpoint, role)]
        if lab.peer is not None:
            sides.append(Functions(lab.peer))
        names = [fresh_name() for _ in range(lab.effort.creates)]
        creates = await _creates(sides, names)
        reads = await _reads(sides, names[0], lab.effort.reads)
        for side in sides:
            for name in names:
                await side.delete(name)
            side.caller.close()
    return [_figure("GetFunctionConfiguration: p50", reads), _figure("CreateFunction: p50", creates)]


def _figure(name: str, taken: list[list[float]]) -> Figure:
    ours, reference, *peer = map(median, taken)
    return Figure(name, "ms", ours, reference, peer[0] if peer else None)


async def _creates(sides: list[Functions], names: list[str]) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in sides]
    for name in names:
        for side, times in zip(sides, taken, strict=True):
            answer = await side.caller.call(side.create_request(name, NOOP))
            answer.json()
            times.append(answer.nanoseconds / 1e6)
    return taken


async def _reads(sides: list[Functions], name: str, count: int) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(count):
        for side, times in zip(sides, taken, strict=True):
            answer = await side.caller.call(side.read_request(name))
            answer.json()
            times.append(answer.nanoseconds / 1e6)
    return taken


@contextmanager
def moto() -> Iterator[tuple[Endpoint, str]]:
    """moto's server in a process of its own, and the role that its functions need."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Endpoint("127.0.0.1", port), _role(f"http://127.0.0.1:{port}")
    finally:
        end(process)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchError("moto's server did not start")


def _role(url: str) -> str:
    client = boto3.client(
        "iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    role = client.create_role(RoleName="bench", AssumeRolePolicyDocument="{}")
    client.close()
    return str(role["Role"]["Arn"])
