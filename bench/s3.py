"""Buckets: objects of 1 KB put a second by eight clients, and a page of 1,000 keys, beside moto's server.

Lambent's objects are on disk before they are acknowledged; moto's are in memory.
"""

import asyncio
from statistics import median
from time import perf_counter

from bench.client import BenchError, Caller, Endpoint
from bench.control import moto
from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name

CLIENTS = 8
BODY = b"x" * 1_024
PAGE = 1_000
PAGES = 9
PUT_GOAL, PAGE_GOAL = Goal(3_000, at_least=True), Goal(8)
SHARE_OF_MOTO = 10
"""One object in so many is enough for moto, but a page of them there must be."""


async def measure(lab: Lab) -> list[Figure]:
    """Objects a second and milliseconds a page on each side."""
    lab.say("buckets")
    ours = await _side(lab.lambent, lab.effort.messages)
    with moto() as (endpoint, _):
        reference = await _side(endpoint, max(PAGE, lab.effort.messages // SHARE_OF_MOTO))
    peer = await _side(lab.peer, lab.effort.messages) if lab.peer is not None else (None, None)
    return [
        Figure("S3: objects of 1 KB put, 8 clients", "/s", ours[0], reference[0], peer[0], PUT_GOAL),
        Figure("S3: a page of 1,000 keys", "ms", ours[1], reference[1], peer[1], PAGE_GOAL),
    ]


async def _side(endpoint: Endpoint, objects: int) -> tuple[float, float]:
    bucket = f"bench-{fresh_name()}".lower()
    callers = [Caller(endpoint) for _ in range(CLIENTS)]
    objects = max(objects, PAGE)
    try:
        await _ask(callers[0], endpoint, "PUT", f"/{bucket}")
        rate = await _puts(callers, endpoint, bucket, objects)
        return rate, await _page(callers[0], endpoint, bucket)
    finally:
        for caller in callers:
            caller.close()


async def _puts(callers: list[Caller], endpoint: Endpoint, bucket: str, objects: int) -> float:
    """Every client puts the next object as soon as its last one is acknowledged."""
    numbers = iter(range(objects))

    async def work(caller: Caller) -> None:
        for number in numbers:
            await _ask(caller, endpoint, "PUT", f"/{bucket}/{number:09}", BODY)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(work(caller))
    return objects / (perf_counter() - began)


async def _page(caller: Caller, endpoint: Endpoint, bucket: str) -> float:
    """The middle of several pages, in milliseconds."""
    taken = []
    for _ in range(PAGES):
        began = perf_counter()
        await _ask(caller, endpoint, "GET", f"/{bucket}?list-type=2&max-keys={PAGE}")
        taken.append((perf_counter() - began) * 1_000)
    return median(taken)


async def _ask(caller: Caller, endpoint: Endpoint, method: str, path: str, body: bytes = b"") -> None:
    answer = await caller.call(endpoint.request(method, path, body, service="s3"))
    if answer.status != 200:
        raise BenchError(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
