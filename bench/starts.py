"""Starts that are not plain cold ones: from a snapshot, with large layers, out of the freezer, after a saved file."""

import asyncio
import base64
import io
import json
import os
import random
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter

from bench.client import BenchError
from bench.figures import Figure, Goal, median, percentile
from bench.functions import NOOP, create_body
from bench.lab import FUNCTIONS, Functions, Lab, fresh_name
from bench.load import PAYLOAD

SLOW_INIT = "import time\ntime.sleep(2)\ndef handler(event, context):\n    return event\n"
LAYERS, LAYER_MB = 5, 40
SAVES = 15
FROZEN_SECONDS = 0.03
"""Longer than the grace before a freeze."""


async def measure(lab: Lab) -> list[Figure]:
    """Times of single invocations in milliseconds."""
    return [*await _restores(lab), *await _layers(lab), *await _thaws(lab), *await _reloads(lab)]


async def _restores(lab: Lab) -> list[Figure]:
    lab.say("restores of a function whose initialisation takes 2 s")
    functions = Functions(lab.lambent)
    name = fresh_name()
    body = create_body(name, SLOW_INIT) | {
        "Role": functions.role,
        "Runtime": "python3.13",
        "SnapStart": {"ApplyOn": "PublishedVersions"},
    }
    answer = await functions.caller.call(lab.lambent.request("POST", FUNCTIONS, json.dumps(body).encode()))
    if answer.status >= 300:
        return [Figure("SnapStart restore: needs CPython 3.13", "ms", None)]
    await _active(functions, name)
    (await functions.caller.call(lab.lambent.request("POST", f"{FUNCTIONS}/{name}/versions", b"{}"))).json()
    await _active(functions, name, "?Qualifier=1")
    taken = await _cold(lab, functions, f"{name}:1", max(lab.effort.cold // 2, 5))
    await functions.delete(name)
    functions.caller.close()
    return [
        Figure("SnapStart restore, init of 2 s: p50", "ms", median(taken), None, None, Goal(15.0)),
        Figure("SnapStart restore, init of 2 s: p99", "ms", percentile(taken, 0.99)),
    ]


async def _layers(lab: Lab) -> list[Figure]:
    lab.say(f"cold starts with {LAYERS * LAYER_MB} MB of layers")
    functions = Functions(lab.lambent)
    plain, layered = fresh_name(), fresh_name()
    await functions.create(plain, NOOP)
    arns = [await _publish_layer(functions, number) for number in range(LAYERS)]
    body = create_body(layered, NOOP) | {"Role": functions.role, "Layers": arns}
    (await functions.caller.call(lab.lambent.request("POST", FUNCTIONS, json.dumps(body).encode()))).json()
    await _active(functions, layered)
    runs = max(lab.effort.cold // 2, 5)
    without, with_layers = await _cold(lab, functions, plain, runs), await _cold(lab, functions, layered, runs)
    for name in (plain, layered):
        await functions.delete(name)
    functions.caller.close()
    added = median(with_layers) - median(without)
    what = f"cold invoke, no-op, {LAYERS * LAYER_MB} MB of layers"
    return [
        Figure(f"{what}: p50 (reference: without)", "ms", median(with_layers), median(without)),
        Figure(f"{what}: added to p50", "ms", max(added, 0.0), None, None, Goal(2.0)),
    ]


async def _publish_layer(functions: Functions, number: int) -> str:
    """A layer of random bytes, so that it is as large zipped."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(f"data/{number}.bin"), random.Random(number).randbytes(LAYER_MB << 20))
    body = json.dumps({"Content": {"ZipFile": base64.b64encode(buffer.getvalue()).decode()}}).encode()
    path = f"/2018-10-31/layers/{fresh_name()}/versions"
    return str((await functions.caller.call(functions.endpoint.request("POST", path, body))).json()["LayerVersionArn"])


async def _thaws(lab: Lab) -> list[Figure]:
    lab.say("invocations of frozen environments")
    functions = Functions(lab.lambent)
    async with functions.having(NOOP) as name:
        request = lab.lambent.invocation(name, PAYLOAD)
        busy, frozen = [], []
        for _ in range(lab.effort.reads):
            (await functions.caller.call(request)).json()
            busy.append((await functions.caller.call(request)).nanoseconds / 1e6)
        for _ in range(max(lab.effort.reads // 4, 10)):
            await asyncio.sleep(FROZEN_SECONDS)
            frozen.append((await functions.caller.call(request)).nanoseconds / 1e6)
    return [Figure("warm invoke after a freeze: p50 (reference: no freeze)", "ms", median(frozen), median(busy))]


async def _reloads(lab: Lab) -> list[Figure]:
    lab.say("saved files of a watched folder")
    functions = Functions(lab.lambent)
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "watched" / "app.py"
        code.parent.mkdir(mode=0o755)
        code.write_text(_answering(0))
        code.parent.parent.chmod(0o755)
        watching = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lambent.cli.main", "deploy", str(code.parent), "--watch"),
            env={**os.environ, "AWS_ENDPOINT_URL": f"http://{lab.lambent.host}:{lab.lambent.port}"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await _watched(watching)
            request = lab.lambent.invocation("watched", PAYLOAD)
            taken = [await _reload(functions, code, request, number) for number in range(1, SAVES + 1)]
        finally:
            with suppress(ProcessLookupError):
                watching.terminate()
            await watching.wait()
    await functions.delete("watched")
    functions.caller.close()
    return [Figure("saved file to answer of the new code: p50", "ms", median(taken), None, None, Goal(150.0))]


async def _watched(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        if b"Ctrl-C ends it" in line:
            return
    raise BenchError("lambent deploy --watch ended")


async def _reload(functions: Functions, code: Path, request: bytes, number: int) -> float:
    """Milliseconds from saving to the first answer of what was saved."""
    code.write_text(_answering(number))  # noqa: ASYNC240
    start = perf_counter()
    while (await functions.caller.call(request)).body != str(number).encode():
        if perf_counter() - start > 10:
            raise BenchError("a saved file was never run")
    return (perf_counter() - start) * 1000


def _answering(number: int) -> str:
    return f"def handler(event, context):\n    return {number}\n"


async def _cold(lab: Lab, functions: Functions, name: str, runs: int) -> list[float]:
    """Milliseconds of an invocation right after every environment was ended. The first run is not kept."""
    taken = []
    for _ in range(runs + 1):
        (await functions.caller.call(lab.lambent.request("POST", "/_lambent/recycle"))).json()
        answer = await functions.caller.call(lab.lambent.invocation(name, PAYLOAD))
        answer.json()
        taken.append(answer.nanoseconds / 1e6)
    return taken[1:]


async def _active(functions: Functions, name: str, query: str = "") -> None:
    """Until a version is active. Raises BenchError."""
    deadline = monotonic() + 60
    while True:
        request = functions.endpoint.request("GET", f"{FUNCTIONS}/{name}/configuration{query}")
        state = (await functions.caller.call(request)).json()
        if state["State"] == "Active":
            return
        if state["State"] != "Pending" or monotonic() > deadline:
            raise BenchError(f"{name} is {state['State']}: {state.get('StateReason')}")
        await asyncio.sleep(0.01)
