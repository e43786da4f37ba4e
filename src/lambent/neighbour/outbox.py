"""Messages to AWS services, as Lambda sends them: to a queue, a topic, an event bus, a bucket, a function.

Each is one request in the service's own protocol, sent to the endpoint itself, whoever answers it there.
Sources: the API references of the operations; object keys: developer guide, invocation-async-retain-records.
"""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from botocore.exceptions import BotoCoreError

from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.neighbour import api_calls
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response, unsigned

Send = Callable[[Request], Awaitable[Response]]
Ask = Callable[[Request, str, str, Mapping[str, Any]], Awaitable[Response | None]]
"""Has an operation of a service carried out that is answered in this process (`Gateway.ask`): none of its wire form is
needed, nor read. None where it is not."""
Post = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]
"""Posts to a URL. Raises DeliveryFailed."""

SOURCE = "lambda"
JSON_VERSIONS = {"sqs": "1.0", "events": "1.1", "logs": "1.1"}
STREAM_EXISTS = "ResourceAlreadyExists"
PASSING = re.compile("Throttl|TooManyRequests|SlowDown|Unavailable|RequestTimeout|Internal")
"""Error codes that say nothing against the message."""


KEPT_QUEUES = 1_000
PLAIN = {
    "sqs:SendMessage": frozenset({"QueueUrl", "MessageBody", "MessageGroupId", "MessageDeduplicationId"}),
    "sns:Publish": frozenset({"TopicArn", "Message"}),
}
"""Operations, as targets' own forms spell them, and members that are texts both in JSON and in the model."""


async def _nobody_looks(_delivery: Delivery) -> str:
    return ""


async def _not_here(_request: Request, _service: str, _operation: str, _params: Mapping[str, Any]) -> None:
    """Everything has to be sent."""


class Outbox:
    """`send` takes a request as the endpoint would, `post` one for a URL, `ask` what is answered in this process."""

    def __init__(self, send: Send, post: Post | None = None, ask: Ask = _not_here) -> None:
        self._send = send
        self._post = post
        self._ask_here = ask
        self._known: set[str] = set()
        """Services whose models are loaded."""
        self.inner: Mapping[str, Callable[[Delivery], Awaitable[None]]] = {}
        """What rules send to that no request is made for, by what the ARN names: another bus, an API destination."""
        self.may_cross: Callable[[Delivery], Awaitable[str]] = _nobody_looks
        """Why a message may not go to another account's target, "" if it may."""
        self._queues: dict[str, str] = {}
        """URLs by ARN."""

    async def __call__(self, delivery: Delivery) -> None:
        """Hand the message to the service of its target, or post it there. Raises DeliveryFailed."""
        if self._post is not None and delivery.target.startswith(("http://", "https://")):
            headers = {name: value for name, (_, value) in delivery.attributes.items()}
            await self._post(delivery.target, headers, delivery.body)
            return
        if delivery.call:
            await self._call(delivery)
            return
        parts = delivery.target.split(":", 5)
        way = _WAYS.get(parts[2]) if len(parts) == 6 else None
        if way is None:
            raise DeliveryFailed(f"{delivery.target} is nothing that events are sent to", passing=False)
        if parts[4] not in ("", delivery.scope.account) and (reason := await self.may_cross(delivery)):
            raise DeliveryFailed(reason, passing=False)
        await way(
            self, delivery, Scope(parts[4] or delivery.scope.account, parts[3] or delivery.scope.region), parts[5]
        )

    async def _call(self, delivery: Delivery) -> None:
        """An operation of any service, as the sender."""
        service, _, operation = delivery.call.partition(":")
        scope = Scope(delivery.scope.account, delivery.target.split(":")[3] or delivery.scope.region)
        params = orjson.loads(delivery.body)
        if _is_plain(delivery.call, params) and await self._done_here(delivery, scope, service, operation, params):
            return
        try:
            if service not in self._known:  # a model may be large
                await asyncio.to_thread(api_calls.find_service, service)
                self._known.add(service)
            request, signer = api_calls.request_of(service, operation, params)
        except (ValueError, BotoCoreError) as error:
            raise DeliveryFailed(f"{delivery.call} can't be asked for so: {error}", passing=False) from error
        _require_taken(await self._ask(delivery, scope, signer, request))

    async def _to_queue(self, delivery: Delivery, scope: Scope, name: str) -> None:
        if name.endswith(".fifo") and not delivery.group:
            raise DeliveryFailed("a FIFO queue takes no message without a group", passing=False)
        url = await self._queue_url(delivery, scope, name)
        message: dict[str, Any] = {"QueueUrl": url, "MessageBody": _text(delivery.body)}
        if delivery.attributes:
            message["MessageAttributes"] = {key: _attribute(*said) for key, said in delivery.attributes.items()}
        if delivery.trace_id:
            trace = {"DataType": "String", "StringValue": delivery.trace_id}
            message["MessageSystemAttributes"] = {"AWSTraceHeader": trace}
        if delivery.group:
            message["MessageGroupId"] = delivery.group
        if delivery.deduplication and name.endswith(".fifo"):
            message["MessageDeduplicationId"] = delivery.deduplication
        asking = _asking(delivery, scope)
        try:
            if _is_binary(delivery) or not await self._done_here(delivery, asking, "sqs", "SendMessage", message):
                await self._json(delivery, asking, "sqs", "AmazonSQS.SendMessage", message)
        except DeliveryFailed:
            self._queues.pop(delivery.target, None)
            raise

    async def _queue_url(self, delivery: Delivery, scope: Scope, name: str) -> str:
        """Asked once, and again when a message was not taken."""
        url = self._queues.get(delivery.target)
        if url is None:
            asked = {"QueueName": name, "QueueOwnerAWSAccountId": scope.account}
            said = await self._json(delivery, scope, "sqs", "AmazonSQS.GetQueueUrl", asked)
            url = str(said.get("QueueUrl"))
            if len(self._queues) >= KEPT_QUEUES:
                self._queues.clear()
            self._queues[delivery.target] = url
        return url

    async def _to_topic(self, delivery: Delivery, scope: Scope, name: str) -> None:
        if name.endswith(".fifo"):
            raise DeliveryFailed("a FIFO topic takes no events of asynchronous invocations", passing=False)
        message: dict[str, Any] = {"TopicArn": delivery.target, "Message": _text(delivery.body)}
        message |= {"Subject": delivery.subject} if delivery.subject else {}
        if delivery.attributes:
            message["MessageAttributes"] = {key: _attribute(*said) for key, said in delivery.attributes.items()}
        asking = _asking(delivery, scope)
        if not _is_binary(delivery) and await self._done_here(delivery, asking, "sns", "Publish", message):
            return
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": delivery.target,
            "Message": _text(delivery.body),
        }
        form |= {"Subject": delivery.subject} if delivery.subject else {}
        for place, (key, (kind, value)) in enumerate(delivery.attributes.items(), 1):
            entry = f"MessageAttributes.entry.{place}"
            form |= {f"{entry}.Name": key, f"{entry}.Value.DataType": kind, f"{entry}.Value.StringValue": value}
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = Request("POST", "/", "", headers, urlencode(form).encode())
        await self._ask(delivery, asking, "sns", request)

    async def _to_bus(self, delivery: Delivery, scope: Scope, resource: str) -> None:
        inner = self.inner.get(resource.partition("/")[0])
        if inner is not None and not delivery.detail_type:
            await inner(delivery)
            return
        name = resource.removeprefix("event-bus/")
        entry = {
            "Source": delivery.source or SOURCE,
            "DetailType": delivery.detail_type,
            "Detail": _text(delivery.body),
            "Resources": [delivery.arn] if delivery.source else [delivery.target, delivery.arn],
            "EventBusName": name if scope == delivery.scope else delivery.target,
        }
        body = orjson.dumps({"Entries": [entry]})
        headers = _json_headers("events", "AWSEvents.PutEvents")
        _require_taken(await self._ask(delivery, scope, "events", Request("POST", "/", "", headers, body, own=True)))

    async def _to_bucket(self, delivery: Delivery, scope: Scope, bucket: str) -> None:
        moment = datetime.fromtimestamp(delivery.now, UTC)
        name = f"{moment:%Y-%m-%dT%H.%M.%S}-{delivery.unique}"
        key = f"aws/lambda/async/{delivery.function}/{moment:%Y/%m/%d}/{name}"
        headers = {"content-type": "application/json"}
        request = Request("PUT", f"/{bucket}/{quote(key)}", "", headers, delivery.body)
        await self._ask(delivery, delivery.scope, "s3", request)

    async def _to_function(self, delivery: Delivery, scope: Scope, _resource: str) -> None:
        event = {"FunctionName": delivery.target, "InvocationType": "Event", "Payload": delivery.body}
        if await self._done_here(delivery, scope, "lambda", "Invoke", event):
            return
        path = f"/2015-03-31/functions/{quote(delivery.target, safe='')}/invocations"
        headers = {"x-amz-invocation-type": "Event", "content-type": "application/json"}
        await self._ask(delivery, scope, "lambda", Request("POST", path, "", headers, delivery.body))

    async def _to_log_group(self, delivery: Delivery, scope: Scope, resource: str) -> None:
        """Into a stream of the sender's."""
        group = resource.removeprefix("log-group:").removesuffix(":*")
        stream = str(uuid.uuid5(uuid.NAMESPACE_URL, delivery.arn))
        place = {"logGroupName": group, "logStreamName": stream}
        try:
            await self._json(delivery, scope, "logs", "Logs_20140328.CreateLogStream", place)
        except DeliveryFailed as failed:
            if not failed.code.startswith(STREAM_EXISTS):
                raise
        events = {**place, "logEvents": [_log_event(delivery)]}
        await self._json(delivery, scope, "logs", "Logs_20140328.PutLogEvents", events)

    async def _json(
        self,
        delivery: Delivery,
        scope: Scope,
        service: str,
        target: str,
        document: Mapping[str, object],
    ) -> dict[str, Any]:
        headers = _json_headers(service, target)
        return _said(
            await self._ask(delivery, scope, service, Request("POST", "/", "", headers, orjson.dumps(document)))
        )

    async def _ask(self, delivery: Delivery, scope: Scope, service: str, request: Request) -> bytes:
        """What the service answers, if it is content."""
        _say_whose(request, delivery, scope, service)
        request.headers["content-length"] = str(len(request.body))
        try:
            response = await self._send(request)
        except Fault as fault:
            raise DeliveryFailed(f"{fault.code}: {fault.message}", passing=fault.status == 503) from fault
        return _content(service, response)

    async def _done_here(
        self, delivery: Delivery, scope: Scope, service: str, operation: str, params: Mapping[str, Any]
    ) -> bool:
        """Have it done where it is answered here, and no wire form is needed; else False. Raises DeliveryFailed."""
        request = Request("POST", "/", body=delivery.body)
        _say_whose(request, delivery, scope, service)
        response = await self._ask_here(request, service, operation, params)
        if response is None:
            return False
        _content(service, response)
        return True


def _say_whose(request: Request, delivery: Delivery, scope: Scope, service: str) -> None:
    request.headers |= {"host": "127.0.0.1", "authorization": signed_as(scope, service)}
    if delivery.trace_id:
        request.headers["x-amzn-trace-id"] = delivery.trace_id
    request.kept = delivery.kept


def _content(service: str, response: Response) -> bytes:
    """What an answer says. Raises DeliveryFailed for an error."""
    assert isinstance(response.body, bytes)
    if response.status >= 300:
        reason = _reason(response)
        passing = response.status >= 500 or response.status == 429 or bool(PASSING.search(reason))
        code = _older_code(response) or error_of(response)[0]
        raise DeliveryFailed(f"{service} answered {response.status}: {reason}", passing=passing, code=code)
    return response.body


def _is_plain(call: str, params: Any) -> bool:
    """Whether the parameters are what the operation gets, as they are."""
    texts = PLAIN.get(call)
    return texts is not None and params.keys() <= texts and all(isinstance(value, str) for value in params.values())


def _is_binary(delivery: Delivery) -> bool:
    """Whether an attribute is bytes, which JSON has in Base64."""
    return any(kind.startswith("Binary") for kind, _ in delivery.attributes.values())


_WAYS = {
    "sqs": Outbox._to_queue,
    "sns": Outbox._to_topic,
    "events": Outbox._to_bus,
    "s3": Outbox._to_bucket,
    "lambda": Outbox._to_function,
    "logs": Outbox._to_log_group,
}
"""By the service in the target's ARN."""


def _json_headers(service: str, target: str) -> dict[str, str]:
    return {"content-type": f"application/x-amz-json-{JSON_VERSIONS[service]}", "x-amz-target": target}


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    return said if isinstance(said, dict) else {}


def _require_taken(body: bytes) -> None:
    """Raises DeliveryFailed for an event that a bus has not taken, which it says in an answer with status 200."""
    said = _said(body) if b"FailedEntryCount" in body else {}
    if said.get("FailedEntryCount"):
        failed = (said.get("Entries") or [{}])[0]
        code = str(failed.get("ErrorCode", ""))
        reason = f"{code}: {failed.get('ErrorMessage', '')}"
        raise DeliveryFailed(reason, passing=bool(PASSING.search(code)), code=code)


def _asking(delivery: Delivery, scope: Scope) -> Scope:
    """As whom a queue is asked: what a function sends is sent by its role, so that another account's queue decides by
    its policy. Services of AWS send in their own name; whether they may was asked before (`may_cross`)."""
    by_function = delivery.arn.split(":")[2:3] == ["lambda"]
    return Scope(delivery.scope.account, scope.region) if by_function else scope


def signed_as(scope: Scope, signing_name: str, access_key: str | None = None) -> str:
    """An Authorization header that says whose a request is; nobody looks at its signature."""
    return unsigned(access_key or scope.account, scope.region, signing_name)


def _attribute(kind: str, value: str) -> dict[str, str]:
    return {"DataType": kind, "BinaryValue" if kind.startswith("Binary") else "StringValue": value}


def _log_event(delivery: Delivery) -> dict[str, object]:
    """The message as an event of a log; one that says `timestamp` and `message` is that already.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (CloudWatch Logs groups)
    """
    try:
        said = orjson.loads(delivery.body)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict) and said.keys() == {"timestamp", "message"} and isinstance(said["message"], str):
        if isinstance(said["timestamp"], int):
            return said
        return {"timestamp": int(delivery.now * 1000), "message": said["message"]}
    return {"timestamp": int(delivery.now * 1000), "message": _text(delivery.body)}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _older_code(response: Response) -> str:
    """The code that a service told before it spoke JSON, which SDKs and services of AWS go on showing.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html (x-amzn-query-error).
    """
    said = next((value for name, value in response.headers if name.lower() == "x-amzn-query-error"), "")
    return said.partition(";")[0]


def _reason(response: Response) -> str:
    """The error's code and text, whatever the protocol."""
    code, message = error_of(response)
    return f"{code}: {message}" if code else message


def error_of(response: Response) -> tuple[str, str]:
    """The code and text of an error, whatever the protocol; ("", what it says) for what is none."""
    text = response.body.decode("utf-8", "replace") if isinstance(response.body, bytes) else ""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        code = str(said.get("__type") or said.get("code") or "").rpartition("#")[2]
        return code, str(said.get("message") or said.get("Message") or "")
    found = re.search(r"<Code>(.*?)</Code>(?:.*?<Message>(.*?)</Message>)?", text, re.DOTALL)
    return (found[1], found[2] or "") if found else ("", text[:200])
