"""The gateway gives up before the function does."""

from collections.abc import Iterator

from lambent.pitfalls import mending
from lambent.pitfalls.facts.project import Function, Project, Trigger
from lambent.pitfalls.finding import Hit, Rule

DOORS = {
    "rest": (29, "REST API"),
    "http": (30, "HTTP API"),
    "websocket": (29, "WebSocket API"),
    "appsync": (30, "AppSync"),
}


def check(project: Project) -> Iterator[Hit]:
    """Functions behind a door whose limit is at or below their own timeout."""
    for function in project.functions:
        fact = function.fact("Timeout")
        limits = [DOORS[one.kind] for one in function.triggers if one.kind in DOORS and not _exempt(function, one)]
        if fact.number is None or not limits:
            continue
        limit, door = min(limits)
        if fact.number >= limit:
            yield Hit(
                fact,
                f"a {door} gives up after {limit} s, the function runs for up to {fact.number} s",
                function,
                reliability="certain" if fact.number > limit else "likely",
                mend=f"set Timeout to {limit - 4} or less, or answer at once and do the work asynchronously",
                fix=mending.number(fact, function.resource, limit - 4) if fact.number > limit else None,
            )


def _exempt(function: Function, trigger: Trigger) -> bool:
    """Longer integration timeouts that were asked for, streams, and asynchronous integrations."""
    timeout = trigger.fact("TimeoutInMillis")
    longer = timeout.unknown or (timeout.number or 0) > 30_000
    return longer or trigger.settings.get("ResponseTransferMode") == "STREAM" or _asynchronous(trigger)


def _asynchronous(trigger: Trigger) -> bool:
    if trigger.settings.get("async") is True:
        return True  # serverless.yml
    parameters = trigger.settings.get("RequestParameters")
    return isinstance(parameters, dict) and any("X-Amz-Invocation-Type" in str(key) for key in parameters)


RULE = Rule(
    code="LIM004",
    title="The API's integration timeout is at or below the function's timeout",
    level="error",
    reliability="certain",
    production="After 29 s (REST, WebSocket; 30 s HTTP API, AppSync) the client has a 504 while the function goes on,"
    " is paid for and does its work; the client tries again and the work is done twice.",
    mend="set Timeout to 25 or less, or answer at once and do the work asynchronously",
    check=check,
    sources=(
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html",
    ),
    seeds="000, 001, 002",
    silent="the timeout or the API's limit is a parameter, the integration is asynchronous or streams",
)
