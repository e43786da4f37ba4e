"""The segment of a topic with active tracing, when what publishes is recorded.

It is recorded when the trace header says so, and X-Ray's resource policy lets SNS send segments. What AWS says in it
beyond the topic is not documented.
Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html,
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html (TracingConfig).
"""

import secrets
from collections.abc import Sequence

import orjson

from lambent.model import trace
from lambent.model.trace import Segment
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.findings import tell_topic
from lambent.topics.deduplication import Sent
from lambent.topics.messages import Message
from lambent.topics.records import Topic

ACTIVE = "Active"


async def publish(env: SnsEnv, topic: Topic, messages: Sequence[Message], header: str) -> list[Sent]:
    """Publish, and tell X-Ray of it. Raises what the publisher raises."""
    said = trace.read(header)
    traced = topic.attributes.get("TracingConfig") == ACTIVE and said.sampled and said.root
    if traced:
        tell_topic(env, topic)
    if not traced or not env.may_trace(topic):
        return await env.publisher.publish(topic, messages, header)
    own, began = secrets.token_hex(8), env.clock()
    sent = await env.publisher.publish(topic, messages, trace.beneath(header, own))
    document = {
        "id": own,
        "trace_id": said.root,
        **({"parent_id": said.parent} if said.parent else {}),
        "name": topic.arn.rpartition(":")[2],
        "start_time": began,
        "end_time": env.clock(),
        "origin": "AWS::SNS",
        "resource_arn": topic.arn,
        "aws": {"operation": "Publish", "topic_arn": topic.arn, "message_id": sent[0].message_id if sent else ""},
        "http": {"response": {"status": 200}},
    }
    env.record(Segment(topic.scope, orjson.dumps(document)))
    return sent
