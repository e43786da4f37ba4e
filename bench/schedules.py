"""Schedules: how long it takes until all that are due in one minute of a moved clock have fired, in order.

The server has a clock of its own that is moved by hand. Each schedule sends a message with its number to one queue, and
is deleted after it. No reference: moto keeps schedules, and fires none.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from time import perf_counter

from bench.client import BenchError, Caller, Endpoint
from bench.figures import Figure, Goal
from bench.lab import Lab, fresh_name
from bench.sqs import Queue
from examples.demo.server import Server

CONNECTIONS = 8
MINUTE = 60
GOAL = Goal(10)
ROLE = "arn:aws:iam::000000000000:role/bench"


async def measure(lab: Lab) -> list[Figure]:
    """Seconds from the move of the clock to its answer, which comes when all has been delivered."""
    lab.say("schedules")
    count = lab.effort.messages
    with Server("--clock", "manual") as server:
        endpoint = Endpoint.of(server.url)
        callers = [Caller(endpoint) for _ in range(CONNECTIONS)]
        try:
            taken = await _fired(endpoint, callers, count)
        finally:
            for caller in callers:
                caller.close()
    return [Figure(f"Schedules: {count:,} due in one minute have fired", "s", taken, goal=GOAL)]


async def _fired(endpoint: Endpoint, callers: list[Caller], count: int) -> float:
    queue, name = Queue(endpoint), fresh_name()
    queue.url = str((await queue.call(callers[0], "CreateQueue", QueueName=name))["QueueUrl"])
    said = (await callers[0].call(endpoint.request("GET", "/_lambent/clock"))).json()
    first = datetime.fromtimestamp(float(str(said["seconds"])), UTC).replace(microsecond=0) + timedelta(hours=1)
    numbers = iter(range(count))

    async def create(caller: Caller) -> None:
        for number in numbers:
            due = first + timedelta(seconds=_second(number, count))
            (await caller.call(_creating(endpoint, name, number, due))).json()

    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(create(caller))
    began = perf_counter()
    moved = endpoint.request("POST", "/_lambent/clock", b'{"advance": "2h"}')
    running = (await callers[0].call(moved)).json()["running"]
    taken = perf_counter() - began
    if running:
        raise BenchError(f"{running} are still under way")
    await _require_order(queue, callers[0], count)
    return taken


def _second(number: int, count: int) -> int:
    """When one is due, in its minute."""
    return number * MINUTE // count


def _creating(endpoint: Endpoint, queue: str, number: int, due: datetime) -> bytes:
    body = {
        "ScheduleExpression": f"at({due:%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": f"arn:aws:sqs:us-east-1:000000000000:{queue}", "RoleArn": ROLE, "Input": str(number)},
    }
    return endpoint.request("POST", f"/schedules/s{number}", json.dumps(body).encode(), "", "scheduler")


async def _require_order(queue: Queue, caller: Caller, count: int) -> None:
    """Raises BenchError unless each has sent its message, after all that were due in a second before."""
    last, seen = 0, set[int]()
    while len(seen) < count:
        messages = (await queue.call(caller, "ReceiveMessage", MaxNumberOfMessages=10)).get("Messages")
        if not isinstance(messages, list):
            raise BenchError(f"{count - len(seen)} have not fired")
        for message in messages:
            number = int(message["Body"])
            if number in seen or _second(number, count) < last:
                raise BenchError(f"schedule {number} has fired out of its order")
            last = _second(number, count)
            seen.add(number)
        entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(messages)]
        await queue.call(caller, "DeleteMessageBatch", Entries=entries)
