"""Names of AWS's SDK for JavaScript (v2 and v3) as boto3 has them."""

import re

_PACKAGES = {
    "sfn": "stepfunctions",
    "eventbridge": "events",
    "cloudwatch-events": "events",
    "cloudwatch-logs": "logs",
    "cognito-identity-provider": "cognito-idp",
    "cognitoidentityserviceprovider": "cognito-idp",
    "cloudwatchlogs": "logs",
    "cloudwatchevents": "events",
    "elastic-load-balancing-v2": "elbv2",
    "lib-dynamodb": "dynamodb",
    "bedrock-runtime": "bedrock-runtime",
    "dynamodb-streams": "dynamodbstreams",
    "iot-data-plane": "iot-data",
}
_DOCUMENT = {
    "get": "get_item",
    "put": "put_item",
    "update": "update_item",
    "delete": "delete_item",
    "batch_get": "batch_get_item",
    "batch_write": "batch_write_item",
    "transact_write": "transact_write_items",
    "transact_get": "transact_get_items",
}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_CLIENT = re.compile(
    r"Credentials?$|^(Endpoint|HttpRequest|HttpClient|Signers|Config|Request|Service|Response|Token)$"
)
"""Classes of `aws-sdk` itself that speak to no service."""
_V3 = "@aws-sdk/"
UPLOAD, SIGNS = f"{_V3}lib-storage.Upload", f"{_V3}s3-request-presigner.getSignedUrl"
"""What uploads a stream in parts, what signs a link for a command."""


def client(dotted: str) -> str | None:
    """The service of a client's class: `@aws-sdk/client-s3.S3Client`, `aws-sdk.S3`, `aws-sdk/clients/s3`."""
    if dotted.startswith(f"{_V3}client-"):
        package, _, name = dotted.removeprefix(f"{_V3}client-").partition(".")
        plain = name.removesuffix("Client").lower() == package.replace("-", "")
        return _service(package) if name.endswith("Client") or plain else None
    if dotted.startswith("aws-sdk/clients/"):
        return _service(dotted.removeprefix("aws-sdk/clients/").partition(".")[0])
    if dotted.startswith("aws-sdk."):
        name = dotted.removeprefix("aws-sdk.").partition(".")[0]
        return _service(name.lower()) if name[:1].isupper() and not _NO_CLIENT.search(name) else None
    return None


def command(dotted: str) -> tuple[str, str] | None:
    """(service, operation) of a command's class: `@aws-sdk/client-s3.PutObjectCommand`."""
    owner, _, name = dotted.rpartition(".")
    if not owner.startswith((f"{_V3}client-", f"{_V3}lib-dynamodb")) or not name.endswith("Command"):
        return None
    service = _service(owner.removeprefix(_V3).removeprefix("client-"))
    found = operation(name.removesuffix("Command"))
    return service, _DOCUMENT.get(found, found) if owner.endswith("lib-dynamodb") else found


def pages(dotted: str) -> tuple[str, str] | None:
    """(service, operation) of a paginator: `@aws-sdk/lib-dynamodb.paginateScan`."""
    owner, _, name = dotted.rpartition(".")
    return command(f"{owner}.{name.removeprefix('paginate')}Command") if name.startswith("paginate") else None


def method(service: str, name: str) -> str:
    """The operation of a client's method: `putObject`; of a document client `put`, too."""
    found = operation(name.removesuffix("Async"))  # bluebird's promisifyAll; invokeAsync is of old
    if service == "s3" and found == "upload":
        return "put_object"
    return _DOCUMENT.get(found, found) if service == "dynamodb" else found


def operation(name: str) -> str:
    """`PutObject` and `putObject` as `put_object`."""
    return _WORD.sub("_", name).lower()


def _service(package: str) -> str:
    return _PACKAGES.get(package, package.replace("-", ""))
