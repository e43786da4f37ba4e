"""Integrations of REST and WebSocket APIs with AWS's services, by path or by action: asked like any client asks, for
the API's account.

https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html#apigw-PutIntegration-request-uri:
`arn:aws:apigateway:REGION:[SUBDOMAIN.]SERVICE:path|action/WHAT`. It is asked in the name of the
integration's role, for what that may do.
"""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, quote, urlencode

from lambent.http_events.rest_mapping import BackendAnswer, BackendRequest
from lambent.model.acting import Acting
from lambent.wire import query_json
from lambent.wire.http import Request, Response, unsigned

ARN = re.compile(r"arn:aws[a-z-]*:apigateway:([a-z0-9-]+):([a-z0-9.-]+):(path|action)/(.*)", re.DOTALL)
"""Region, service with its subdomain, how it is asked, and what."""
FORM = "application/x-www-form-urlencoded"
JSON_TARGETS = {
    "dynamodb": ("DynamoDB_20120810", "application/x-amz-json-1.0"),
    "states": ("AWSStepFunctions", "application/x-amz-json-1.0"),
    "kinesis": ("Kinesis_20131202", "application/x-amz-json-1.1"),
    "events": ("AWSEvents", "application/x-amz-json-1.1"),
    "logs": ("Logs_20140328", "application/x-amz-json-1.1"),
    "secretsmanager": ("secretsmanager", "application/x-amz-json-1.1"),
    "ssm": ("AmazonSSM", "application/x-amz-json-1.1"),
    "firehose": ("Firehose_20150804", "application/x-amz-json-1.1"),
    "cognito-idp": ("AWSCognitoIdentityProviderService", "application/x-amz-json-1.1"),
}
"""Services that speak JSON: an action is named in X-Amz-Target."""
_VARIABLE = re.compile(r"\{(\w+)\+?\}")


def request_of(
    arn: re.Match[str], sent: BackendRequest, acting: Acting, *, method: str, content_type: str | None, trace_id: str
) -> Request:
    """The request to the service that an integration's ARN names, in the name of its role or account.
    `content_type` is the client's."""
    region, service, how, what = arn[1], arn[2], arn[3], arn[4]
    subdomain, _, name = service.rpartition(".")
    what = _VARIABLE.sub(lambda found: quote(sent.path.get(found[1], found[0]), safe="/"), what)
    path, _, fixed = what.partition("?")
    asked = [*parse_qsl(fixed), *((key, value) for key, values in sent.query.items() for value in values)]
    headers = {key.lower(): ", ".join(values) for key, values in sent.headers.items()}
    body = sent.body
    if how == "action":
        path = "/"
        asked, body = _action(name, what.partition("?")[0].rpartition("/")[2], headers, asked, body)
    path = f"/{subdomain}/{path.lstrip('/')}" if subdomain and name == "s3" else f"/{path.lstrip('/')}"
    headers.setdefault("content-type", content_type or "application/json")
    headers.setdefault("accept", "application/json")
    headers |= {
        "host": "127.0.0.1",
        "authorization": unsigned(acting.account, region, name),
        "x-amzn-trace-id": trace_id,
    }
    return Request(method, path, urlencode(asked), headers, body, acting=acting)


def _action(
    name: str, action: str, headers: dict[str, str], asked: list[tuple[str, str]], body: bytes
) -> tuple[list[tuple[str, str]], bytes]:
    """An action, by the service's target header or as a form's field."""
    target = JSON_TARGETS.get(name)
    if target is not None:
        headers.setdefault("x-amz-target", f"{target[0]}.{action}")
        headers["content-type"] = target[1]
    if "x-amz-target" in headers:
        return asked, body
    form = headers.get("content-type", "").startswith(FORM)
    headers["content-type"] = FORM
    return [("Action", action), *asked], body if form else b""


async def ask(send: Callable[[Request], Awaitable[Response]], request: Request, name: str) -> BackendAnswer:
    """The answer of the service of that name, in JSON where JSON is accepted; its status is what patterns are matched
    with."""
    response = await send(request)
    body = response.body
    content = body if isinstance(body, bytes) else b"".join([part async for part in body])
    headers, action = list(response.headers), _asked(request)
    json = query_json.translated(name, action, response.status, content) if action else None
    if json is not None:
        headers = [one for one in headers if one[0].lower() not in ("content-type", "content-length")]
        headers.append(("Content-Type", "application/json"))
    return BackendAnswer(response.status, headers, content if json is None else json, str(response.status))


def _asked(request: Request) -> str:
    """The action of a form whose sender accepts JSON, "" for what is none."""
    if "x-amz-target" in request.headers or "json" not in request.headers["accept"]:
        return ""
    form = request.headers["content-type"].startswith(FORM)
    fields = request.query + "&" + (request.body.decode("utf-8", "replace") if form else "")
    found = re.search(r"(?:^|&)Action=(\w+)", fields)
    return found[1] if found else ""
