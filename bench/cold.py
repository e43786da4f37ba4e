"""Cold starts: a function that nobody has run yet, against a plain `python -m awslambdaric` of the same function."""

from time import perf_counter

from bench.client import Endpoint, call
from bench.figures import Figure, Goal, median, percentile
from bench.functions import BOTO3, BOTO3_CLIENT, NOOP, STDLIB
from bench.lab import Functions, Lab, fresh_name
from bench.load import PAYLOAD
from bench.processes import answered, end, relay, start_runtime, task_root

KINDS = (
    ("no-op", NOOP, Goal(10.0)),
    ("standard library", STDLIB, None),
    ("boto3", BOTO3, Goal(10.0)),
    ("boto3 + S3 client", BOTO3_CLIENT, None),
)


async def measure(lab: Lab) -> list[Figure]:
    """For each kind: the invocation that starts an environment, and all from CreateFunction to its answer."""
    figures = []
    for kind, source, goal in KINDS:
        lab.say(f"cold starts, {kind}")
        invoked, created = await _ours(lab.lambent, source, lab.effort.cold)
        plain = await _plain(source, lab.effort.plain_cold)
        peer = [] if lab.peer is None else (await _ours(lab.peer, source, lab.effort.plain_cold))[0]
        for share, bound in ((0.5, goal), (0.99, None)):
            ours, reference, theirs = (percentile(times, share) if times else None for times in (invoked, plain, peer))
            assert ours is not None
            figures.append(Figure(f"cold invoke, {kind}: p{share * 100:.0f}", "ms", ours, reference, theirs, bound))
        figures.append(Figure(f"create to first answer, {kind}: p50", "ms", median(created), median(plain)))
    return figures


async def _ours(endpoint: Endpoint, source: str, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the first invocation, and from CreateFunction to its answer. The first run is not kept."""
    functions = Functions(endpoint)
    invoked, created = [], []
    for _ in range(runs + 1):
        name = fresh_name()
        start = perf_counter()
        await functions.create(name, source)
        answer = await functions.caller.call(endpoint.invocation(name, PAYLOAD))
        created.append((perf_counter() - start) * 1000)
        answer.json()
        invoked.append(answer.nanoseconds / 1e6)
        await functions.delete(name)
    functions.caller.close()
    return invoked[1:], created[1:]


async def _plain(source: str, runs: int) -> list[float]:
    """Milliseconds from starting the process to its first answer. The first run is not kept."""
    taken = []
    with relay() as (endpoint, _), task_root(source) as root:
        for _ in range(runs + 1):
            start = perf_counter()
            process = start_runtime(endpoint, root)
            try:
                (await answered(process, call(endpoint, endpoint.invocation("f", PAYLOAD)))).json()
                taken.append((perf_counter() - start) * 1000)
            finally:
                end(process)
    return taken[1:]
