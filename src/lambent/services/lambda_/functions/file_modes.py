"""A finding on packages with files that a function can't read on AWS, where it is not their owner.

https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html ("Permission is denied / Cannot load such
file"). Where the server is an ordinary user's the function can, since all is that user's.
"""

import asyncio

from lambent.model.finding import Finding
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.modes import unreadable
from lambent.store.record import FunctionRecord

CODE = "unreadable-file"
NAMED = 3
_HINT = (
    "chmod -R a+rX before it is packed; Python's ZipFile.writestr makes such files of plain names: give it a ZipInfo "
    "with external_attr = 0o644 << 16"
)


async def look(env: LambdaEnv, record: FunctionRecord) -> None:
    """Say it of a version's package and layers, or take it back."""
    found: list[str] = []
    for digest in record.packages:
        folder = env.blobs.unpacked(digest)
        if folder is not None:
            place = "/var/task" if digest == record.code else "/opt"
            found += [f"{place}/{name}" for name in await asyncio.to_thread(unreadable, folder)]
    if not found:
        env.withdraw(record.running.arn, CODE)
        return
    named = ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
    text = f"on AWS it is denied permission to read {named}: only their owner may, and a function is not"
    env.report(Finding(CODE, record.running.arn, text, _HINT))
