"""Warm invocations that log a metric and are traced, and the same that log as long a line and are not, in turns."""

import json
import time

from bench.figures import Figure, Goal
from bench.functions import create_body
from bench.lab import Functions, Lab, fresh_name
from bench.warm import WARM_UP_SECONDS, Side

LOGS = "LINE = {line!r}\n\n\ndef handler(event, context):\n    print(LINE)\n    return event\n"
METRIC = {"Namespace": "Bench", "Dimensions": [["FunctionName"]], "Metrics": [{"Name": "Done", "Unit": "Count"}]}


def embedded() -> str:
    """A line in the embedded metric format, as Powertools writes one."""
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [METRIC]}
    return json.dumps({"_aws": about, "FunctionName": "f", "Done": 1})


async def measure(lab: Lab) -> list[Figure]:
    """Rate, p50 and CPU time at one connection; the reference is the same without a metric and without traces."""
    lab.say("warm invocations with an embedded metric and active tracing")
    functions = Functions(lab.lambent)
    line = embedded()
    recording = create_body(fresh_name(), LOGS.format(line=line)) | {"TracingConfig": {"Mode": "Active"}}
    plain = create_body(fresh_name(), LOGS.format(line="x" * len(line)))
    sides = []
    for body in (recording, plain):
        name = str(body["FunctionName"])
        await functions.made(name, functions.creating(body))
        sides.append(Side(lab.lambent, name, lab.pid))
        await sides[-1].round(1, WARM_UP_SECONDS, keep=False)
    recorded, alone = sides
    for _ in range(max(lab.effort.rounds, 2)):
        await alone.round(1, lab.effort.seconds)
        await recorded.round(1, lab.effort.seconds)
    for side in sides:
        await functions.delete(side.function)
    functions.caller.close()
    at, most = "warm invoke, metric and trace", Goal(1.03, of_ratio=True)
    return [
        Figure(f"{at}: p50", "µs", recorded.microseconds(0.5), alone.microseconds(0.5), goal=most),
        Figure(f"{at}: rate", "/s", recorded.rate, alone.rate),
        Figure(f"{at}: the server's CPU time", "µs", recorded.cost, alone.cost),
    ]
