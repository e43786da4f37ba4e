"""What a stream is for a moment after a change, and what it is then."""

import logging
from typing import Any

from lambent.services.kinesis import findings
from lambent.services.kinesis.env import SETTLE_SECONDS, KinesisEnv
from lambent.store.errors import StoreError
from lambent.streams.config import Config
from lambent.streams.errors import StreamError

log = logging.getLogger(__name__)


async def begin(env: KinesisEnv, stream: Config) -> None:
    """A change was accepted: it is over before the answer where changes don't last, else in the background."""
    if env.lasting:
        env.spawn(settle(env, stream))
    else:
        await settle(env, stream, 0.0)


async def settle(env: KinesisEnv, stream: Config, seconds: float = SETTLE_SECONDS) -> None:
    """Bring a stream to ACTIVE, or to its end, after real seconds."""
    await env.pause(seconds)
    try:
        current = env.registry.get(stream.scope, stream.name)
        if current.uid != stream.uid:
            return
        if current.status == "DELETING":
            await env.registry.remove(current)
            await env.records.forget(current)
            env.withdraw(current.arn)
            env.records.wake(current)
        else:
            await env.registry.change(current, _settled)
    except StreamError:
        return  # it went meanwhile
    except StoreError as error:
        log.warning("stream %s is not settled yet: %s", stream.arn, error)
        env.spawn(settle(env, stream))


def _settled(stream: Config) -> dict[str, Any]:
    """Everything active; the consumers that were to go are gone."""
    consumers = {
        name: {**said, "ConsumerStatus": "ACTIVE"}
        for name, said in stream.document["consumers"].items()
        if said["ConsumerStatus"] != "DELETING"
    }
    return {"status": stream.status if stream.status == "DELETING" else "ACTIVE", "consumers": consumers}


def resume(env: KinesisEnv) -> None:
    """At the start: finish what was under way when the last server ended."""
    for stream in env.registry:
        findings.tell(env, stream)
        states = {said["ConsumerStatus"] for said in stream.document["consumers"].values()}
        if stream.status != "ACTIVE" or states - {"ACTIVE"}:
            env.spawn(settle(env, stream))
