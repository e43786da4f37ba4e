"""What Lambda does for a function in its role's name: it writes logs and traces, reads sources, sends what became of
events, attaches to a VPC. The function itself asks for none of it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from lambent.model import names
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.identities import Ask
from lambent.permissions.requests import Right, account_of
from lambent.permissions.resolved import Resolved

Done = list[tuple[str, str]]
"""Actions and the resources they are about."""


async def done_for(resolved: Resolved, scope: Scope, name: str) -> Done:
    """What Lambda does for a function as it is set up now."""
    function = names.function_arn(scope, name)
    said = await resolved.ask("lambda", "GetFunctionConfiguration", {"FunctionName": name}, scope) or {}
    needs = list(roles.needs("CreateFunction", said, function))
    group = (said.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    found = [(roles.MAKES_GROUP, roles.log_stream(function, group)), *((one.action, one.resource) for one in needs)]
    async for operation, setting in _settings(resolved.ask, scope, name, function):
        found += [(one.action, one.resource) for one in roles.needs(operation, setting, function)]
    return [*found, *[key for one in found for key in await _keys(resolved, one, scope)]]


async def _settings(ask: Ask, scope: Scope, name: str, function: str) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Its mappings and what is done with its events' results, as the operations have them that set them."""
    async for one in _all(ask, "ListEventSourceMappings", {}, "EventSourceMappings", scope):
        if f"{one.get('FunctionArn')}:".startswith(f"{function}:"):
            yield "CreateEventSourceMapping", one
            yield "PutFunctionEventInvokeConfig", one
    asked = {"FunctionName": name}
    async for one in _all(ask, "ListFunctionEventInvokeConfigs", asked, "FunctionEventInvokeConfigs", scope):
        yield "PutFunctionEventInvokeConfig", one


async def _all(
    ask: Ask, operation: str, asked: Mapping[str, Any], within: str, scope: Scope
) -> AsyncIterator[Mapping[str, Any]]:
    while True:
        said = await ask("lambda", operation, asked, scope) or {}
        for one in said.get(within, ()):
            yield one
        if not said.get("NextMarker"):
            return
        asked = {**asked, "Marker": said["NextMarker"]}


async def _keys(resolved: Resolved, done: tuple[str, str], scope: Scope) -> Done:
    """What it needs of the key with which a source or a destination is encrypted."""
    action, resource = done
    behind = await resolved.keys_behind(Right(action, resource, account_of(resource, scope)), {}, scope)
    return [(one.action, one.resource) for one in behind]


async def its_buckets(resolved: Resolved, scope: Scope, name: str, used: Done) -> frozenset[str]:
    """Those among the buckets it used that call it for their objects: it is called for any of them."""
    function, found = names.function_arn(scope, name), set()
    for bucket in {resource[13:].partition("/")[0] for _, resource in used if resource.startswith("arn:aws:s3:::")}:
        said = await resolved.ask("s3", "GetBucketNotificationConfiguration", {"Bucket": bucket}, scope) or {}
        calls = [str(one.get("LambdaFunctionArn")) for one in said.get("LambdaFunctionConfigurations", ())]
        if any(f"{one}:".startswith(f"{function}:") for one in calls):
            found.add(bucket)
    return frozenset(found)
