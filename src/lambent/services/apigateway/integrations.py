"""What an integration may be.

https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html (timeouts).
"""

import re
from typing import Any

from lambent.model.scope import Scope
from lambent.services import passed_roles
from lambent.services.apigateway import faults
from lambent.services.aws_backends import ARN

Document = dict[str, Any]
LAMBDA_PATH = re.compile(r"/?\d{4}-\d{2}-\d{2}/functions/(.+?)/(invocations|response-streaming-invocations)")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
LEAST_MILLIS, MOST_MILLIS, STREAMED_MILLIS = 50, 29_000, 900_000
URL = re.compile(r"https?://[^\s]+", re.IGNORECASE)


def with_defaults(given: Document, resource_id: str) -> Document:
    """The integration with what AWS adds."""
    kind = given.get("type")
    connection = {"connectionType": "INTERNET"} if kind in ("HTTP", "HTTP_PROXY") else {}
    transfer = {"responseTransferMode": "BUFFERED"} if kind in ("AWS_PROXY", "HTTP_PROXY") else {}
    return {
        "passthroughBehavior": PASSTHROUGH[0],
        "timeoutInMillis": MOST_MILLIS,
        "cacheNamespace": resource_id,
        "cacheKeyParameters": [],
        **connection,
        **transfer,
    } | given


def check_integration(integration: Document, scope: Scope) -> None:
    """Raises 400 for an integration that can't be, 501 for one that is not served."""
    kind, uri = integration.get("type"), str(integration.get("uri") or "")
    if kind != "MOCK" and not integration.get("httpMethod"):
        raise faults.bad_request("Enumeration value for HttpMethod must be non-empty")
    _check_timeout(integration)
    if not integration.get("contentHandling"):
        integration.pop("contentHandling", None)
    if integration.get("passthroughBehavior", PASSTHROUGH[0]) not in PASSTHROUGH:
        raise faults.bad_request(f"Invalid passthrough behavior specified. Must be one of: [{', '.join(PASSTHROUGH)}]")
    if integration.get("connectionType") == "VPC_LINK":
        raise faults.unbuilt("integrations through a VPC link")
    if kind in ("HTTP", "HTTP_PROXY") and not URL.fullmatch(uri) and "${stageVariables." not in uri:
        raise faults.bad_request("Invalid HTTP endpoint specified for URI")
    if kind in ("AWS", "AWS_PROXY"):
        _check_service(kind, uri, integration, scope)


def check_role(role: str, scope: Scope) -> None:
    """Raises 400 for another account's."""
    if passed_roles.is_of_another(role, scope.account):
        raise faults.bad_request(passed_roles.REFUSED)


def _check_timeout(integration: Document) -> None:
    millis = integration.get("timeoutInMillis", MOST_MILLIS)
    most = STREAMED_MILLIS if integration.get("responseTransferMode") == "STREAM" else MOST_MILLIS
    if not LEAST_MILLIS <= millis <= most:
        raise faults.bad_request(f"Timeout should be between {LEAST_MILLIS} ms and {most} ms")


def _check_service(kind: str, uri: str, integration: Document, scope: Scope) -> None:
    found = ARN.fullmatch(uri)
    if found is None:
        if uri.startswith("arn:") and uri.count(":") >= 5:
            raise faults.bad_request("AWS ARN for integration must contain path or action")
        raise faults.bad_request("Invalid ARN specified in the request")
    is_function = found[2] == "lambda" and LAMBDA_PATH.fullmatch(found[4]) is not None
    if kind == "AWS_PROXY" and not is_function:
        if found[2] == "firehose":
            raise faults.unbuilt("AWS_PROXY integrations of Firehose")
        raise faults.bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    role = str(integration.get("credentials") or "")
    if not is_function and not role:
        raise faults.bad_request("Role ARN must be specified for AWS integrations")
    check_role(role, scope)
