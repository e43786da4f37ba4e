"""Objects that tell a function: how long it takes from the put of one to its handler."""

from time import time

from bench.client import BenchError
from bench.figures import Figure, Goal
from bench.lab import Functions, Lab, fresh_name
from bench.sources import SOURCE, Side, lateness

GOAL = Goal(5)
PAUSE_SECONDS = 0.05
"""So that one environment has them all, which is asked in the end."""
RULE = """<NotificationConfiguration><CloudFunctionConfiguration>
<CloudFunction>arn:aws:lambda:us-east-1:000000000000:function:{}</CloudFunction><Event>s3:ObjectCreated:*</Event>
</CloudFunctionConfiguration></NotificationConfiguration>"""


async def measure(lab: Lab) -> list[Figure]:
    """The median of objects that are put one by one; their keys say when."""
    lab.say("a bucket that tells a function")
    side, bucket = Side(lab), fresh_name().lower()

    async def put(path: str, body: bytes = b"") -> None:
        answer = await side.caller.call(lab.lambent.request("PUT", path, body, service="s3"))
        if answer.status != 200:
            raise BenchError(f"PUT {path}: {answer.status} {answer.body[:200]!r}")

    try:
        async with Functions(lab.lambent).having(SOURCE) as function:
            await put(f"/{bucket}")
            await put(f"/{bucket}?notification", RULE.format(function).encode())
            late = await lateness(side, function, lambda: put(f"/{bucket}/{time()}", b"x"), PAUSE_SECONDS)
    finally:
        side.caller.close()
    return [Figure("S3: from put to handler, p50", "ms", late, goal=GOAL)]
