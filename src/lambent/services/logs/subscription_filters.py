"""PutSubscriptionFilter, DescribeSubscriptionFilters and DeleteSubscriptionFilter.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html; texts as
callers of AWS have reported them.
"""

import re
from typing import Any

from lambent.engine.log_payload import SUBSCRIPTION
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.observe.filterpattern import PatternError, compile_pattern
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded
from lambent.services.logs.names import group_arn
from lambent.services.logs.paging import page
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

MOST = 2
"""Filters of a group."""
LAMBDA = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
KINESIS = re.compile(r"arn:aws[a-z-]*:kinesis:[a-z0-9-]+:\d{12}:stream/[\w.-]+")
NOT_BUILT = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")


async def put_subscription_filter(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new filter of a group, or the one of that name anew. A stream gets a control message."""
    group, name, scope = params["logGroupName"], params["filterName"], caller.scope
    _check(params)
    with worded():
        env.store.group(scope, group)
    there = env.resources.get(SUBSCRIPTION, scope, group, name)
    if there is None and len(env.resources.children(SUBSCRIPTION, scope, group)) >= MOST:
        raise Fault("LimitExceededException", "Resource limit exceeded.")
    if reason := await env.unreachable(caller, f"{group_arn(scope, group)}:*", params["destinationArn"]):
        raise invalid(reason)
    created = there.document["creationTime"] if there else int(env.clock() * 1000)
    filled = {"distribution": "ByLogStream", **params, "creationTime": created}
    resource = Resource(SUBSCRIPTION, scope, group, name, env.new_id(), filled)
    await env.resources.put(resource)
    env.subscriptions.take(resource)
    if KINESIS.fullmatch(params["destinationArn"]):
        await env.subscriptions.check(resource)
    _tell_of_loop(env, resource)
    return {}


async def describe_subscription_filters(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The filters of a group by name."""
    group = params["logGroupName"]
    with worded():
        env.store.group(caller.scope, group)
    prefix = params.get("filterNamePrefix", "")
    kept = [one for one in env.resources.children(SUBSCRIPTION, caller.scope, group) if one.name.startswith(prefix)]
    found, token = page(kept, lambda one: one.name, params.get("limit"), params.get("nextToken"))
    return {"subscriptionFilters": [one.document for one in found], "nextToken": token}


async def delete_subscription_filter(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Nothing more is sent."""
    group, name = params["logGroupName"], params["filterName"]
    with worded():
        env.store.group(caller.scope, group)
    there = env.resources.get(SUBSCRIPTION, caller.scope, group, name)
    if there is None:
        raise Fault("ResourceNotFoundException", "The specified subscription filter does not exist.")
    await _forget(env, there)
    return {}


async def forget_group(env: LogsEnv, scope: Scope, group: str) -> None:
    """A group is gone, and its filters with it."""
    for one in env.resources.children(SUBSCRIPTION, scope, group):
        await _forget(env, one)


async def _forget(env: LogsEnv, one: Resource) -> None:
    await env.resources.discard(one)
    env.subscriptions.drop(one)
    env.withdraw(group_arn(one.scope, one.parent), LOOP)


LOOP = "log-loop"
"""Code of the finding on a function that gets what it logs."""


def _tell_of_loop(env: LogsEnv, one: Resource) -> None:
    """A function that is sent its own log is invoked for being invoked; AWS does not stop that."""
    function = one.document["destinationArn"].partition(":function:")[2].partition(":")[0]
    if function and one.parent == env.log_group(one.scope, function):
        arn = group_arn(one.scope, one.parent)
        text = f"{function} is subscribed to its own log: each invocation logs, and is sent what it logged."
        hint = "Subscribe another function, or give this one a pattern that it never logs."
        env.report(Finding(LOOP, arn, text, hint))


def _check(params: dict[str, Any]) -> None:
    for name in NOT_BUILT:
        if params.get(name):
            raise unsupported(f"{name} of a subscription filter")
    _check_destination(params["destinationArn"], params.get("roleArn"))
    try:
        compile_pattern(params["filterPattern"])
    except PatternError as error:
        raise invalid(str(error)) from error


def _check_destination(arn: str, role: str | None) -> None:
    vendor = (arn.split(":") + [""] * 3)[2]
    if vendor in ("firehose", "logs"):
        what = "delivery streams of Firehose" if vendor == "firehose" else "destinations of Logs"
        text = f"Lambent does not support {what} as the destination of a subscription filter yet."
        raise Fault("NotImplementedException", text, status=501)
    if vendor not in ("lambda", "kinesis"):
        raise invalid(f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}")
    if not (LAMBDA if vendor == "lambda" else KINESIS).fullmatch(arn):
        raise invalid("Invalid destinationArn")  # our wording
    if vendor == "lambda" and role:
        raise invalid("destinationArn for vendor lambda cannot be used with roleArn")
    if vendor == "kinesis" and not role:
        raise invalid("destinationArn for vendor kinesis cannot be used without roleArn")
