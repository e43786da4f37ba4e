"""What a rule's actions send.

Sources: https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html and the page of each action;
what an error action gets: rule-error-handling.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.iot.functions import Message
from lambent.engine.iot.sql import template
from lambent.engine.iot.values import text
from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope

KIND = "iot"
POLICY = RetryPolicy(10, pauses=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0))
"""AWS tries several times, and does not say how often."""
QUEUE = re.compile(r"https?://[^/]+(?:/queue)?/(\d{12})/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)/?")
UNTOUCHED = frozenset({"roleArn", "useBase64", "messageFormat", "cannedAcl", "qos"})
"""What has no substitutions."""


class Unsendable(ValueError):
    """Nothing can be sent so; the text says why."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a message has become: `body` is what is sent, `value` the document that it is (the bytes where it is none).
    `trace` goes along; `lineage`, where a message goes to another topic."""

    scope: Scope
    rule: str
    message: Message
    value: Any
    trace: str
    lineage: str

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        if isinstance(self.value, bytes):
            return self.value
        return text(self.value).encode("utf-8", "replace") if not isinstance(self.value, str) else _quoted(self.value)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request: the ARN that it is for, and the operation with its parameters; "" where the ARN says what to do."""

    target: str
    body: bytes
    call: str = ""


def push_of(sent: Sent, action: Mapping[str, Any], error_action: Mapping[str, Any] | None, original: bytes) -> Push:
    """What an action sends; what it says of itself if it can't is for the error action."""
    [(kind, said)] = action.items()
    letter = "" if error_action is None else json.dumps(_letter(sent, kind, said, error_action, original))
    lost = ""
    try:
        wanted = SENDS[kind](sent, _filled(said, sent.message))
    except (Unsendable, RecursionError) as error:
        wanted, lost = Wanted(arn_of(sent.scope, sent.rule), b""), str(error)
    delivery = Delivery(
        sent.scope,
        wanted.target,
        wanted.body,
        sent.rule,
        arn_of(sent.scope, sent.rule),
        sent.lineage if kind == "republish" else sent.trace,
        now=sent.message.now,
        call=wanted.call,
    )
    return Push(KIND, delivery, POLICY, role=str(said.get("roleArn", "")), letter=letter, lost=lost)


def instead(push: Push, reason: str) -> Push | None:
    """What is sent when a push has ended: the error action's; None where there is none."""
    if push.kind != KIND or not push.letter:
        return None
    said = json.loads(push.letter)
    said["message"]["failures"][0]["errorMessage"] = reason
    scope, rule = push.delivery.scope, push.delivery.function
    message = Message(said["message"]["topic"], said["message"], push.delivery.now, scope.account, lambda: said["id"])
    sent = Sent(scope, rule, message, said["message"], push.delivery.trace_id, push.delivery.trace_id)
    return push_of(sent, said["action"], None, b"")


def arn_of(scope: Scope, rule: str) -> str:
    """A rule's."""
    return f"arn:aws:iot:{scope.region}:{scope.account}:rule/{rule}"


def missing(action: Mapping[str, Any]) -> str:
    """What of an action is not done here, "" for nothing."""
    if len(action) != 1:
        return "actions of several kinds in one"
    [(kind, said)] = action.items()
    if kind not in SENDS:
        return f"the action {kind}"
    if kind == "republish" and said.get("headers"):
        return "headers of the action republish"
    return ""


def templates_of(action: Mapping[str, Any]) -> list[str]:
    """The texts of an action that may have substitutions."""
    [said] = action.values()
    found = {**said, **(said.get("putItem") or {})}
    return [one for name, one in found.items() if isinstance(one, str) and name not in UNTOUCHED]


def _letter(
    sent: Sent, kind: str, said: Mapping[str, Any], error_action: Mapping[str, Any], original: bytes
) -> dict[str, Any]:
    named = ("functionArn", "queueUrl", "targetArn", "streamName", "bucketName", "topic")
    resource = next((said[name] for name in named if said.get(name)), (said.get("putItem") or {}).get("tableName"))
    message = {
        "ruleName": sent.rule,
        "topic": sent.message.topic,
        "cloudwatchTraceId": sent.message.new_id(),
        "clientId": sent.message.client,
        "base64OriginalPayload": base64.b64encode(original).decode(),
        "failures": [{"failedAction": f"{kind[0].upper()}{kind[1:]}Action", "failedResource": resource}],
    }
    return {"action": error_action, "message": message, "id": sent.message.new_id()}


def _filled(said: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """With what the substitutions stand for."""
    return {
        name: _filled(one, message)
        if isinstance(one, dict)
        else template(one)(message)
        if isinstance(one, str) and name not in UNTOUCHED
        else one
        for name, one in said.items()
    }


def _quoted(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _bytes(body: bytes) -> dict[str, str]:
    """As a call says bytes."""
    return {"base64": base64.b64encode(body).decode()}


def _call(target: str, operation: str, **params: Any) -> Wanted:
    return Wanted(
        target, json.dumps({name: one for name, one in params.items() if one is not None}).encode(), operation
    )


def _arn(sent: Sent, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{sent.scope.region}:{sent.scope.account}:{resource}"


def _to_function(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    body = (
        sent.body if not isinstance(sent.value, bytes) else json.dumps(base64.b64encode(sent.value).decode()).encode()
    )
    return Wanted(said["functionArn"], body)


def _to_queue(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    found = QUEUE.fullmatch(said["queueUrl"])
    if found is None:
        raise Unsendable(f"{said['queueUrl']} is no URL of a queue")
    body = base64.b64encode(sent.body) if said.get("useBase64") else sent.body
    return Wanted(f"arn:aws:sqs:{sent.scope.region}:{found[1]}:{found[2]}", body)


def _to_topic(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    arn = said["targetArn"]
    if arn.count(":") < 5:
        raise Unsendable(f"{arn} is no topic")
    if said.get("messageFormat") != "JSON":
        return Wanted(arn, sent.body)
    return _call(
        arn, "sns:Publish", TopicArn=arn, Message=sent.body.decode("utf-8", "replace"), MessageStructure="json"
    )


def _to_stream(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    name = said["streamName"]
    key = said.get("partitionKey") or sent.message.new_id()
    target = _arn(sent, "kinesis", f"stream/{name}")
    return _call(target, "kinesis:PutRecord", StreamName=name, Data=_bytes(sent.body), PartitionKey=key)


def _to_bucket(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    bucket, key = said["bucketName"], said["key"]
    params = {"Bucket": bucket, "Key": key, "Body": _bytes(sent.body), "ACL": said.get("cannedAcl")}
    return _call(f"arn:aws:s3:::{bucket}", "s3:PutObject", **params)


def _to_table(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    if not isinstance(sent.value, dict):
        raise Unsendable("the message is no document, and no item")
    name = said["putItem"]["tableName"]
    item = {key: attribute(one) for key, one in sent.value.items()}
    return _call(_arn(sent, "dynamodb", f"table/{name}"), "dynamodb:PutItem", TableName=name, Item=item)


def _again(sent: Sent, said: Mapping[str, Any]) -> Wanted:
    topic = said["topic"].replace("$$", "$", 1) if said["topic"].startswith("$$") else said["topic"]
    qos = said.get("qos")
    return _call(
        _arn(sent, "iot", f"topic/{topic}"), "iot-data:Publish", topic=topic, qos=qos, payload=_bytes(sent.body)
    )


def attribute(value: Any) -> dict[str, Any]:
    """A value of JSON as DynamoDB has it."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": json.dumps(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [attribute(one) for one in value]}
        case dict():
            return {"M": {name: attribute(one) for name, one in value.items()}}
        case _:
            raise Unsendable("the message has no values of DynamoDB")


SENDS: Mapping[str, Callable[[Sent, Mapping[str, Any]], Wanted]] = {
    "lambda": _to_function,
    "sqs": _to_queue,
    "sns": _to_topic,
    "kinesis": _to_stream,
    "s3": _to_bucket,
    "dynamoDBv2": _to_table,
    "republish": _again,
}
