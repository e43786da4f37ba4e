"""What a REST API answers by itself: gateway responses, with the API's own in the place of AWS's.

Types and statuses: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html;
templates and parameters of the API's own: .../gateway-response-definition.html (variables are replaced);
`x-amzn-ErrorType`: .../api-gateway-response-header... and public reports.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.http_events.rest_proxy import Reply

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A gateway response of AWS's own: `text` is its message unless the case has its own. `form` is its body."""

    status: int
    text: str | None
    error: str
    form: str = '{{"message":{}}}'


_SPACED = '{{"message": {}}}'
KINDS: Mapping[str, Kind] = {
    "ACCESS_DENIED": Kind(403, "User is not authorized to access this resource", "AccessDeniedException",
                          '{{"Message":{}}}'),
    "API_CONFIGURATION_ERROR": Kind(500, "Internal server error", "InternalServerErrorException", _SPACED),
    "AUTHORIZER_CONFIGURATION_ERROR": Kind(500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": Kind(500, None, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": Kind(400, "Invalid request body", "BadRequestException", _SPACED),
    "BAD_REQUEST_PARAMETERS": Kind(400, "Missing required request parameters: []", "BadRequestException", _SPACED),
    "DEFAULT_4XX": Kind(403, "Forbidden", "ForbiddenException"),
    "DEFAULT_5XX": Kind(502, "Internal server error", "InternalServerErrorException", _SPACED),
    "EXPIRED_TOKEN": Kind(403, "The security token included in the request is expired", "ExpiredTokenException"),
    "INTEGRATION_FAILURE": Kind(504, "Network error communicating with endpoint", "InternalServerErrorException",
                                _SPACED),
    "INTEGRATION_TIMEOUT": Kind(504, "Endpoint request timed out", "InternalServerErrorException", _SPACED),
    "INVALID_API_KEY": Kind(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": Kind(403, "The request signature we calculated does not match the signature you provided. "
                              "Check your AWS Secret Access Key and signing method. Consult the service documentation "
                              "for details.", "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": Kind(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Kind(413, "Request Too Long", "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": Kind(404, "Not Found", "NotFoundException"),
    "THROTTLED": Kind(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": Kind(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "Unsupported Media Type", "BadRequestException", _SPACED),
}  # fmt: skip


class Refusal(Exception):
    """The API answers by itself. `kind` is the type of the gateway response; `status`, `text` and `error` stand in the
    place of that type's own; `why` is for logs, findings and TestInvokeMethod; `validation` what a validator found."""

    def __init__(
        self,
        kind: str,
        text: str | None = None,
        *,
        status: int = 0,
        why: str = "",
        validation: str = "",
        error: str = "",
    ) -> None:
        super().__init__(kind, why)
        own = KINDS[kind]
        self.kind = kind
        self.status = status or own.status
        self.text = text if text is not None else own.text
        self.error = error or own.error
        self.why = why
        self.validation = validation

    @property
    def context(self) -> dict[str, Any]:
        """`$context.error`."""
        return {
            "message": self.text,
            "messageString": orjson.dumps(self.text).decode(),
            "responseType": self.kind,
            "validationErrorString": self.validation,
        }


Look = Callable[[str], str | None]
"""A parameter of the request by its name: `method.request.header.x`, `context.requestId`, `stageVariables.y`."""


def answer(refusal: Refusal, put: Mapping[str, Mapping[str, Any]], look: Look, accept: str | None) -> Reply:
    """What the client gets: AWS's own answer, or what the API puts in its place (`put`, by type)."""
    own = KINDS[refusal.kind]
    headers = [("x-amzn-ErrorType", refusal.error)]
    general = "DEFAULT_4XX" if refusal.status < 500 else "DEFAULT_5XX"
    custom = put.get(refusal.kind) or put.get(general)
    if custom is None:
        body = own.form.format(orjson.dumps(refusal.text).decode())
        return Reply(refusal.status, [*headers, ("Content-Type", JSON)], body.encode())
    said_status = str(custom.get("statusCode") or "")
    status = int(said_status) if said_status.isdigit() else refusal.status
    kind, template = _template(custom.get("responseTemplates") or {}, accept)
    for name, source in (custom.get("responseParameters") or {}).items():
        value = source[1:-1] if source.startswith("'") else look(source)
        if name.startswith("gatewayresponse.header.") and value is not None:
            headers.append((name.removeprefix("gatewayresponse.header."), value))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    said = orjson.dumps(refusal.text).decode()
    text = own.form.format(said) if template is None else _replaced(template, look)
    return Reply(status, headers, text.encode())


def _template(templates: Mapping[str, str], accept: str | None) -> tuple[str, str | None]:
    """The template of the type that the client accepts, else that of JSON."""
    for said in (accept or "").split(","):
        kind = said.partition(";")[0].strip().lower()
        if kind in templates:
            return kind, templates[kind]
    return JSON, templates.get(JSON)


_VARIABLE = re.compile(r"\$\{?((?:context|stageVariables|method\.request)(?:\.[\w-]+)+)\}?")


def _replaced(template: str, look: Look) -> str:
    """Every variable by its value, an unknown one by nothing."""
    return _VARIABLE.sub(lambda found: look(found[1]) or "", template)
