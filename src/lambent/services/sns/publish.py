"""Publish and PublishBatch: answered when the messages are on disk."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.sns import tracing
from lambent.services.sns.env import SnsEnv
from lambent.topics import messages
from lambent.topics.deduplication import Sent
from lambent.topics.errors import TopicError, invalid, not_built
from lambent.topics.messages import Message

Params = dict[str, Any]


async def publish(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Publish, to a topic alone."""
    if params.get("PhoneNumber"):
        raise not_built("text messages (Publish to a PhoneNumber)")
    arn = params.get("TopicArn") or params.get("TargetArn")
    if not arn:
        raise invalid("TopicArn or TargetArn", "no value for required parameter")
    parameter = "TopicArn" if params.get("TopicArn") else "TargetArn"
    if ":endpoint/" in arn:
        raise not_built("mobile push (Publish to an application's endpoint)")
    topic = env.topic(caller, arn, parameter)
    [sent] = await tracing.publish(env, topic, [messages.checked(topic, params)], caller.trace_id or "")
    return _answer(sent)


async def publish_batch(env: SnsEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """PublishBatch: what one entry is refused for does not touch the others."""
    topic = env.topic(caller, params.get("TopicArn"))
    entries = params.get("PublishBatchRequestEntries") or []
    messages.check_batch(topic, entries)
    good: list[tuple[str, Message]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            good.append((entry["Id"], messages.checked(topic, entry)))
        except TopicError as error:
            failed.append({"Id": entry["Id"], "Code": _code(error), "Message": error.message, "SenderFault": True})
    told = await tracing.publish(env, topic, [message for _, message in good], caller.trace_id or "")
    done = [{"Id": name, **_answer(sent)} for (name, _), sent in zip(good, told, strict=True)]
    return {"Successful": done, "Failed": failed}


def _code(error: TopicError) -> str:
    """As the wire has it."""
    return {"InvalidParameterException": "InvalidParameter", "InvalidParameterValueException": "ParameterValueInvalid"}[
        error.code
    ]


def _answer(sent: Sent) -> dict[str, str]:
    return {"MessageId": sent.message_id, **({"SequenceNumber": sent.sequence} if sent.sequence else {})}
