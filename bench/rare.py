"""`python -m bench.rare URL FUNCTION COUNT`: single invocations now and then, in a process of their own; prints the
milliseconds of each as JSON.

Beside a load that another process makes, what they take is the server's doing: in the load's own process they would
wait for its event loop as well.
"""

import asyncio
import json
import sys

import uvloop

from bench.client import BenchError, Caller, Endpoint
from bench.load import PAYLOAD

BETWEEN_SECONDS = 0.005
UNCOUNTED = 3
"""At the beginning: the connection, caches."""


async def measured(endpoint: Endpoint, function: str, count: int) -> list[float]:
    """Milliseconds of each, by a process that does nothing else. Raises BenchError."""
    url = f"http://{endpoint.host}:{endpoint.port}"
    command = ("-m", "bench.rare", url, function, str(count))
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise BenchError("the process of single invocations failed")
    return [float(one) for one in json.loads(said)]


async def _invocations(endpoint: Endpoint, function: str, count: int) -> list[float]:
    caller, taken = Caller(endpoint), []
    for _ in range(count + UNCOUNTED):
        answer = await caller.call(endpoint.invocation(function, PAYLOAD))
        answer.json()
        taken.append(answer.nanoseconds / 1e6)
        await asyncio.sleep(BETWEEN_SECONDS)
    caller.close()
    return taken[UNCOUNTED:]


if __name__ == "__main__":
    url, function, count = sys.argv[1:]
    print(json.dumps(uvloop.run(_invocations(Endpoint.of(url), function, int(count)))))
