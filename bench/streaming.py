"""A streamed answer at a function URL: how long after the function has written it the first byte is there, and how
fast a long one comes."""

import asyncio
import base64
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic_ns

from bench.client import PATIENCE, BenchError, Endpoint
from bench.figures import Figure, Goal, median, percentile
from bench.function_url import opened
from bench.lab import Functions, Lab, fresh_name
from bench.processes import end

SOURCE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  stream.write(`<${process.hrtime.bigint()}>`); // CLOCK_MONOTONIC, as the client reads it
  await new Promise((done) => setTimeout(done, 10));
  stream.end();
});
"""
MUCH_MB = 100
MUCH = f"""
const part = Buffer.alloc(1 << 20, "x");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {{
  stream.setContentType("text/plain");
  for (let number = 0; number < {MUCH_MB}; number++)
    if (!stream.write(part)) await new Promise((done) => stream.once("drain", done));
  stream.end();
}});
"""
PLAIN = f"""
const part = Buffer.alloc(1 << 20, "x");
const server = require("http").createServer(async (request, answer) => {{
  for (let number = 0; number < {MUCH_MB}; number++)
    if (!answer.write(part)) await new Promise((done) => answer.once("drain", done));
  answer.end();
}});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""
"""The same from a plain server of Node.js: the reference."""
ASK = b"GET / HTTP/1.1\r\nHost: plain\r\n\r\n"
WRITTEN = re.compile(rb"<(\d+)>")
CALLED = "function URL, streamed: first byte after it was written, p50"
CALLED_MUCH = f"function URL, streamed: {MUCH_MB} MB (reference: plain)"


async def measure(lab: Lab) -> list[Figure]:
    """None where there is no Node.js."""
    major = _node()
    if not major:
        return []
    lab.say("a streamed answer")
    async with _streaming(lab.lambent, SOURCE, major) as request:
        await _late(lab.lambent, request, 3)
        late = await _late(lab.lambent, request, lab.effort.reads)
    lab.say(f"{MUCH_MB} MB streamed")
    async with _streaming(lab.lambent, MUCH, major) as request:
        with _plain() as reference:
            ours, plain = await _rates([(lab.lambent, request), (reference, ASK)], lab.effort.rounds)
    return [
        Figure(CALLED, "ms", percentile(late, 0.5) / 1e6, goal=Goal(2.0)),
        Figure(CALLED_MUCH, "MB/s", ours, plain, goal=Goal(500.0, at_least=True)),
    ]


@asynccontextmanager
async def _streaming(endpoint: Endpoint, source: str, major: str) -> AsyncIterator[bytes]:
    """A request to the URL of a function of Node.js that streams."""
    functions, name = Functions(endpoint), fresh_name()
    await functions.made(name, functions.creating(_body(name, source, major)))
    try:
        yield await opened(functions, name, InvokeMode="RESPONSE_STREAM")
        await functions.delete(name)
    finally:
        functions.caller.close()


@contextmanager
def _plain() -> Iterator[Endpoint]:
    """The reference. Raises BenchError."""
    node = shutil.which("node")
    assert node is not None
    process = subprocess.Popen([node, "-e", PLAIN], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = process.stdout.readline()
        if not port.strip().isdigit():
            raise BenchError("the plain server of Node.js did not start")
        yield Endpoint("127.0.0.1", int(port))
    finally:
        end(process)


async def _rates(asked: list[tuple[Endpoint, bytes]], rounds: int) -> list[float]:
    """MB a second of each, in turns; the first round is not kept."""
    found: list[list[float]] = [[] for _ in asked]
    for _ in range(rounds + 1):
        for (endpoint, request), rates in zip(asked, found, strict=True):
            rates.append(await _rate(endpoint, request))
    return [median(rates[1:]) for rates in found]


async def _rate(endpoint: Endpoint, request: bytes) -> float:
    """Reads one answer and keeps nothing of it. Raises BenchError for one that is too short."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, limit=1 << 20)
    start, count, end_of_it = monotonic_ns(), 0, b""
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE):
            while not end_of_it.endswith(b"\r\n0\r\n\r\n"):
                part = await reader.read(1 << 20)
                count += len(part)
                end_of_it = (end_of_it + part)[-8:]
                if not part:
                    break
    finally:
        writer.close()
    if count < MUCH_MB << 20:
        raise BenchError(f"{count} bytes of {MUCH_MB} MB were streamed")
    return count / (monotonic_ns() - start) * 1e9 / (1 << 20)


def _node() -> str:
    """The major version of this machine's Node.js, "" for none."""
    node = shutil.which("node")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    found = re.match(r"v(\d+)", said)
    return found[1] if found else ""


def _body(name: str, source: str, major: str) -> dict[str, object]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        module = zipfile.ZipInfo("index.js")
        module.external_attr = 0o644 << 16
        archive.writestr(module, source)
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
