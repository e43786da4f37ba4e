"""A streamed answer at a function URL: how long after the function has written it the first byte is there."""

import asyncio
import base64
import io
import re
import shutil
import subprocess
import zipfile
from time import monotonic_ns

from bench.client import PATIENCE, BenchError, Endpoint
from bench.figures import Figure, Goal, percentile
from bench.function_url import opened
from bench.lab import Functions, Lab, fresh_name

SOURCE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  stream.write(`<${process.hrtime.bigint()}>`); // CLOCK_MONOTONIC, as the client reads it
  await new Promise((done) => setTimeout(done, 10));
  stream.end();
});
"""
WRITTEN = re.compile(rb"<(\d+)>")
CALLED = "function URL, streamed: first byte after it was written, p50"


async def measure(lab: Lab) -> list[Figure]:
    """None where there is no Node.js."""
    major = _node()
    if not major:
        return []
    lab.say("a streamed answer")
    functions, name = Functions(lab.lambent), fresh_name()
    await functions.made(name, functions.creating(_body(name, major)))
    try:
        request = await opened(functions, name, InvokeMode="RESPONSE_STREAM")
        await _late(lab.lambent, request, 3)
        late = await _late(lab.lambent, request, lab.effort.reads)
        await functions.delete(name)
    finally:
        functions.caller.close()
    return [Figure(CALLED, "ms", percentile(late, 0.5) / 1e6, goal=Goal(2.0))]


def _node() -> str:
    """The major version of this machine's Node.js, "" for none."""
    node = shutil.which("node")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    found = re.match(r"v(\d+)", said)
    return found[1] if found else ""


def _body(name: str, major: str) -> dict[str, object]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        module = zipfile.ZipInfo("index.js")
        module.external_attr = 0o644 << 16
        archive.writestr(module, SOURCE)
    return {
        "FunctionName": name, "Runtime": f"nodejs{major}.x", "Handler": "index.handler", "Timeout": 60,
        "MemorySize": 1769, "Code": {"ZipFile": base64.b64encode(buffer.getvalue()).decode()},
    }  # fmt: skip


async def _late(endpoint: Endpoint, request: bytes, times: int) -> list[float]:
    """Nanoseconds from when the function wrote to when it was here, of one answer after another."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    found = []
    try:
        for _ in range(times):
            writer.write(request)
            found.append(await _one(reader))
    finally:
        writer.close()
    return found


async def _one(reader: asyncio.StreamReader) -> float:
    """Raises BenchError for an answer without the moment in it."""
    said, late = b"", 0.0
    async with asyncio.timeout(PATIENCE):
        while not said.endswith(b"0\r\n\r\n"):
            part = await reader.read(65_536)
            now = monotonic_ns()
            said += part
            written = WRITTEN.search(said)
            if not part or b"\nTransfer-Encoding: chunked" not in said:
                raise BenchError(f"no stream: {said[:300]!r}")
            if written is not None and not late:
                late = float(now - int(written[1]))
    return late
