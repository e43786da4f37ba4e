"""Messages.

Sources: https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html; sizes:
https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
"""

from typing import Any

from lambent.engine.iot.rules import Published, Rule, pushes
from lambent.engine.iot.topics import ingested
from lambent.model import lineage
from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.services.iot import faults
from lambent.services.iot.env import IotEnv
from lambent.services.iot.rules import RULE
from lambent.wire.fault import Fault

LARGEST = 128 << 10
"""Bytes of a message."""
LONGEST, MOST_SLASHES = 256, 7
"""Bytes of a topic, and how many slashes it has, beside what makes it one of basic ingest."""


async def publish(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What rules make of it is on disk when this is answered. Nobody is subscribed by MQTT."""
    topic, payload, now = params["topic"], _bytes(params.get("payload")), env.clock()
    _check(topic, payload, params)
    trace = caller.trace_id or f"Root=1-{int(now):08x}-{env.new_id().replace('-', '')[:24]}"
    scope = caller.scope
    said = Published(scope, topic, payload, now, trace, env.new_id)
    rules = [Rule(one.name, one.document["payload"]) for one in env.resources.all(RULE, scope)]
    await env.add(pushes(rules, said, lambda arn: env.report(_stopped(arn))))
    return {}


def _bytes(payload: Any) -> bytes:
    return payload.encode() if isinstance(payload, str) else bytes(payload or b"")


def _check(topic: str, payload: bytes, params: dict[str, Any]) -> None:
    """Raises Fault."""
    if params.get("retain"):
        raise faults.not_built("retained messages")
    _, rest = ingested(topic)
    if not topic or len(rest.encode()) > LONGEST or rest.count("/") > MOST_SLASHES or set(topic) & {"+", "#", "\0"}:
        raise faults.invalid(f"The topic is not valid: {topic[:LONGEST]}")
    if topic.startswith("$") and rest is topic:
        raise faults.not_built("reserved topics but for $aws/rules/")
    if len(payload) > LARGEST:
        raise Fault("RequestEntityTooLargeException", f"The payload is larger than {LARGEST} bytes.", status=413)


def _stopped(arn: str) -> Finding:
    text = f"Its messages came back to it more than {lineage.ROUNDS} times: the last one was not carried out."
    return Finding("topic-rule-loop", arn, text, "AWS lets such a loop run on, and asks for money.")
