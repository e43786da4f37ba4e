"""Messages to AWS services, as Lambda sends them: to a queue, a topic, an event bus, a bucket, a function.

Each is one request in the service's own protocol, sent to the endpoint itself, whoever answers it there.
Sources: the API references of the five operations; object keys: developer guide, invocation-async-retain-records.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

Send = Callable[[Request], Awaitable[Response]]

SOURCE = "lambda"
JSON_VERSIONS = {"sqs": "1.0", "events": "1.1"}
PASSING = re.compile("Throttl|TooManyRequests|SlowDown|Unavailable|RequestTimeout|Internal")
"""Error codes that say nothing against the message."""


class Outbox:
    """`send` takes a request as the endpoint would."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, delivery: Delivery) -> None:
        """Hand the message to the service of its target. Raises DeliveryFailed."""
        parts = delivery.target.split(":", 5)
        way = _WAYS.get(parts[2]) if len(parts) == 6 else None
        if way is None:
            raise DeliveryFailed(f"{delivery.target} is nothing that events are sent to", passing=False)
        await way(
            self, delivery, Scope(parts[4] or delivery.scope.account, parts[3] or delivery.scope.region), parts[5]
        )

    async def _to_queue(self, delivery: Delivery, scope: Scope, name: str) -> None:
        if name.endswith(".fifo") and not delivery.group:
            raise DeliveryFailed("a FIFO queue takes no message without a group", passing=False)
        document = await self._json(
            delivery,
            scope,
            "sqs",
            "AmazonSQS.GetQueueUrl",
            {"QueueName": name, "QueueOwnerAWSAccountId": scope.account},
        )
        message = {"QueueUrl": document.get("QueueUrl"), "MessageBody": _text(delivery.body)}
        if delivery.attributes:
            message["MessageAttributes"] = {key: _attribute(*said) for key, said in delivery.attributes.items()}
        if delivery.trace_id:
            trace = {"DataType": "String", "StringValue": delivery.trace_id}
            message["MessageSystemAttributes"] = {"AWSTraceHeader": trace}
        if delivery.group:
            message["MessageGroupId"] = delivery.group
        if delivery.deduplication and name.endswith(".fifo"):
            message["MessageDeduplicationId"] = delivery.deduplication
        await self._json(delivery, scope, "sqs", "AmazonSQS.SendMessage", message)

    async def _to_topic(self, delivery: Delivery, scope: Scope, name: str) -> None:
        if name.endswith(".fifo"):
            raise DeliveryFailed("a FIFO topic takes no events of asynchronous invocations", passing=False)
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": delivery.target,
            "Message": _text(delivery.body),
        }
        for place, (key, (kind, value)) in enumerate(delivery.attributes.items(), 1):
            entry = f"MessageAttributes.entry.{place}"
            form |= {f"{entry}.Name": key, f"{entry}.Value.DataType": kind, f"{entry}.Value.StringValue": value}
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        await self._ask(delivery, scope, "sns", Request("POST", "/", "", headers, urlencode(form).encode()))

    async def _to_bus(self, delivery: Delivery, scope: Scope, resource: str) -> None:
        name = resource.removeprefix("event-bus/")
        entry = {
            "Source": SOURCE,
            "DetailType": delivery.detail_type,
            "Detail": _text(delivery.body),
            "Resources": [delivery.target, delivery.arn],
            "EventBusName": name if scope == delivery.scope else delivery.target,
        }
        said = await self._json(delivery, scope, "events", "AWSEvents.PutEvents", {"Entries": [entry]})
        if said.get("FailedEntryCount"):
            failed = (said.get("Entries") or [{}])[0]
            code = str(failed.get("ErrorCode", ""))
            raise DeliveryFailed(f"{code}: {failed.get('ErrorMessage', '')}", passing=bool(PASSING.search(code)))

    async def _to_bucket(self, delivery: Delivery, scope: Scope, bucket: str) -> None:
        moment = datetime.fromtimestamp(delivery.now, UTC)
        name = f"{moment:%Y-%m-%dT%H.%M.%S}-{delivery.unique}"
        key = f"aws/lambda/async/{delivery.function}/{moment:%Y/%m/%d}/{name}"
        headers = {"content-type": "application/json"}
        request = Request("PUT", f"/{bucket}/{quote(key)}", "", headers, delivery.body)
        await self._ask(delivery, delivery.scope, "s3", request)

    async def _to_function(self, delivery: Delivery, scope: Scope, _resource: str) -> None:
        path = f"/2015-03-31/functions/{quote(delivery.target, safe='')}/invocations"
        headers = {"x-amz-invocation-type": "Event", "content-type": "application/json"}
        await self._ask(delivery, scope, "lambda", Request("POST", path, "", headers, delivery.body))

    async def _json(
        self, delivery: Delivery, scope: Scope, service: str, target: str, document: Mapping[str, object]
    ) -> dict[str, Any]:
        headers = {"content-type": f"application/x-amz-json-{JSON_VERSIONS[service]}", "x-amz-target": target}
        body = await self._ask(delivery, scope, service, Request("POST", "/", "", headers, orjson.dumps(document)))
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = None
        return said if isinstance(said, dict) else {}

    async def _ask(self, delivery: Delivery, scope: Scope, service: str, request: Request) -> bytes:
        """What the service answers, if it is content."""
        request.headers |= {
            "host": "127.0.0.1",
            "authorization": signed_as(scope, service),
            **({"x-amzn-trace-id": delivery.trace_id} if delivery.trace_id else {}),
            "content-length": str(len(request.body)),
        }
        try:
            response = await self._send(request)
        except Fault as fault:
            raise DeliveryFailed(f"{fault.code}: {fault.message}", passing=fault.status == 503) from fault
        assert isinstance(response.body, bytes)
        if response.status >= 300:
            reason = _reason(response)
            passing = response.status >= 500 or response.status == 429 or bool(PASSING.search(reason))
            raise DeliveryFailed(f"{service} answered {response.status}: {reason}", passing=passing)
        return response.body


_WAYS = {
    "sqs": Outbox._to_queue,
    "sns": Outbox._to_topic,
    "events": Outbox._to_bus,
    "s3": Outbox._to_bucket,
    "lambda": Outbox._to_function,
}
"""By the service in the target's ARN."""


def signed_as(scope: Scope, signing_name: str) -> str:
    """An Authorization header that says whose a request is; nobody looks at its signature."""
    whose = f"{scope.account}/20260101/{scope.region}/{signing_name}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={whose}, SignedHeaders=host, Signature=none"


def _attribute(kind: str, value: str) -> dict[str, str]:
    return {"DataType": kind, "BinaryValue" if kind.startswith("Binary") else "StringValue": value}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _reason(response: Response) -> str:
    """The error's code and text, whatever the protocol."""
    assert isinstance(response.body, bytes)
    text = response.body.decode("utf-8", "replace")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        code = str(said.get("__type") or said.get("code") or "").rpartition("#")[2]
        return f"{code}: {said.get('message') or said.get('Message') or ''}".strip(": ")
    found = re.search(r"<Code>(.*?)</Code>(?:.*?<Message>(.*?)</Message>)?", text, re.DOTALL)
    return f"{found[1]}: {found[2] or ''}" if found else text[:200]
