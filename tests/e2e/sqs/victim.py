"""A process full of queues under load, which is killed. It says on stdout what was acknowledged, a line each:

s body         sent                 r body count   received
d body         about to be deleted  D body         deleted
"""

import asyncio
import os
import sys
import uuid
from pathlib import Path

from lambent.clock import Clock
from lambent.model.limits import AWS_2026
from lambent.model.scope import Caller, Scope
from lambent.services.sqs.env import SqsEnv, open_env
from lambent.services.sqs.operations import OPERATIONS
from lambent.store.open import Store, open_store

SCOPE = Scope("111111111111", "eu-west-1")
QUEUES = ("keep", "retry", "dead", "order.fifo")
KEPT_SECONDS = "3600"
MOST_RECEIVES = 3


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def open_victim(folder: Path) -> tuple[Store, SqsEnv]:
    """The queues under `folder`, made if they are not there."""
    store = await open_store(folder)
    env = await open_env(
        store.resources,
        store.queues,
        Clock(),
        AWS_2026,
        "http://localhost",
        lambda: str(uuid.uuid4()),
        asyncio.create_task,
        lambda _finding: None,
        lambda resource, code="": None,
    )
    if not env.registry.all(SCOPE):
        dead = "arn:aws:sqs:eu-west-1:111111111111:dead"
        redrive = f'{{"deadLetterTargetArn":"{dead}","maxReceiveCount":{MOST_RECEIVES}}}'
        for name, attributes in (
            ("dead", {}),
            ("keep", {"VisibilityTimeout": KEPT_SECONDS}),
            ("retry", {"VisibilityTimeout": "0", "RedrivePolicy": redrive}),
            ("order.fifo", {"FifoQueue": "true", "VisibilityTimeout": KEPT_SECONDS}),
        ):
            await call(env, "CreateQueue", QueueName=name, Attributes=attributes)
    return store, env


def url(name: str) -> str:
    return f"http://localhost/{SCOPE.account}/{name}"


async def call(env: SqsEnv, operation: str, **params: object) -> dict:
    return await OPERATIONS[operation](env, Caller(SCOPE, "id"), params)


async def send(env: SqsEnv, name: str, worker: str) -> None:
    """Batches of three for ever, numbered by worker."""
    number = 0
    while True:
        bodies = [f"{name}/{worker}/{number + at:06}" for at in range(3)]
        number += 3
        fifo = {"MessageGroupId": worker} if name.endswith(".fifo") else {}
        entries = [
            {
                "Id": str(at),
                "MessageBody": body,
                **(fifo and {**fifo, "MessageDeduplicationId": body.replace("/", ".")}),
            }
            for at, body in enumerate(bodies)
        ]
        answer = await call(env, "SendMessageBatch", QueueUrl=url(name), Entries=entries)
        assert "Failed" not in answer, answer
        for body in bodies:
            say("s", body)
        await asyncio.sleep(0.002)


async def consume(env: SqsEnv, name: str) -> None:
    """Receive for ever; delete every other message."""
    turn = 0
    while True:
        answer = await call(
            env,
            "ReceiveMessage",
            QueueUrl=url(name),
            MaxNumberOfMessages=4,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer["Messages"] or ():
            body = message["Body"]
            say("r", body, message["Attributes"]["ApproximateReceiveCount"])
            turn += 1
            if turn % 2 or name.endswith(".fifo"):
                say("d", body)
                await call(env, "DeleteMessage", QueueUrl=url(name), ReceiptHandle=message["ReceiptHandle"])
                say("D", body)


async def main(folder: Path, life: str) -> None:
    _, env = await open_victim(folder)
    say("ready")
    work = [send(env, name, f"{life}.{at}") for name in ("keep", "retry", "order.fifo") for at in range(2)]
    work += [consume(env, name) for name in ("keep", "retry", "order.fifo")]
    await asyncio.gather(*work)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
