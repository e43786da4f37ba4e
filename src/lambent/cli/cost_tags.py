"""Whose a line of the bill is by a tag of what it is for."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lambent.clients import members
from lambent.engine.price import Line

NONE = "(without)"
ClientOf = Callable[[str], Any]


def tagged(client_of: ClientOf, lines: list[Line], key: str) -> dict[str, str]:
    """Subject -> the value that its tag has; a function's log group has the function's."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, str] = {}
    for line in lines:
        name = line.use.subject
        if name in found:
            continue
        found[name] = NONE
        with suppress(ClientError, BotoCoreError, KeyError):
            found[name] = _READERS[line.service](client_of, name).get(key, NONE)
    return found


def _function(client_of: ClientOf, name: str) -> Mapping[str, str]:
    tags: dict[str, str] = client_of("lambda").get_function(FunctionName=name).get("Tags", {})
    return tags


def _logs(client_of: ClientOf, name: str) -> Mapping[str, str]:
    if name.startswith("/aws/lambda/"):
        return _function(client_of, name.removeprefix("/aws/lambda/"))
    tags: dict[str, str] = client_of("logs").list_tags_log_group(logGroupName=name)["tags"]
    return tags


def _queue(client_of: ClientOf, name: str) -> Mapping[str, str]:
    client = client_of("sqs")
    tags: dict[str, str] = client.list_queue_tags(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])["Tags"]
    return tags


def _stream(client_of: ClientOf, name: str) -> Mapping[str, str]:
    return _pairs(client_of("kinesis").list_tags_for_stream(StreamName=name)["Tags"])


def _api(client_of: ClientOf, name: str) -> Mapping[str, str]:
    """A REST API is billed by its name, an HTTP API by its id."""
    rest = members(client_of("apigateway"), "get_rest_apis", "items")
    tags: dict[str, str] | None = next((one.get("tags", {}) for one in rest if one["name"] == name), None)
    if tags is None:
        tags = dict(client_of("apigatewayv2").get_api(ApiId=name).get("Tags", {}))
    return tags


def _machine(client_of: ClientOf, name: str) -> Mapping[str, str]:
    client = client_of("stepfunctions")
    arn = next(one["stateMachineArn"] for one in members(client, "list_state_machines", "stateMachines")
               if one["name"] == name)  # fmt: skip
    return {one["key"]: one["value"] for one in client.list_tags_for_resource(resourceArn=arn)["tags"]}


def _network(client_of: ClientOf, name: str) -> Mapping[str, str]:
    filters = [{"Name": "resource-id", "Values": [name]}]
    return _pairs(client_of("ec2").describe_tags(Filters=filters)["Tags"])


def _pairs(tags: list[dict[str, str]]) -> Mapping[str, str]:
    return {one["Key"]: one["Value"] for one in tags}


_READERS: dict[str, Callable[[ClientOf, str], Mapping[str, str]]] = {
    **{"lambda": _function, "logs": _logs, "sqs": _queue, "kinesis": _stream, "apigateway": _api},
    **{"states": _machine, "nat": _network, "endpoint": _network},
}
