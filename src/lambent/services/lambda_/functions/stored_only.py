"""Findings on settings that are stored and answered as on AWS, and that nothing here acts on yet."""

from lambent.model.finding import Finding
from lambent.model.names import function_arn
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.resources import Resource

MAPPING = "event-source-mapping"

SAYS = {
    MAPPING: "The mapping is stored, not acted on yet: nothing reads its source.",
    "function-code-signing": (
        "No signature can be verified here: under the policy Warn every package is deployed, "
        "under Enforce every change of code or layers is refused."
    ),
    "runtime-management": (
        "The runtime management config is stored, not acted on: a function runs on this machine's interpreter."
    ),
}
"""Kind of resource -> what is so."""
AS_IT_IS = {
    "runtime-management": {"UpdateRuntimeOn": "Auto"},
}
"""Settings that describe what Lambent does anyway."""


def report(env: LambdaEnv, resource: Resource) -> None:
    """Say it of one resource, or take it back when there is nothing to say any more."""
    if AS_IT_IS.get(resource.kind) == resource.document:
        withdraw(env, resource)
    else:
        env.report(Finding(_code(resource), arn_of(resource), SAYS[resource.kind]))


def withdraw(env: LambdaEnv, resource: Resource) -> None:
    """The resource is gone."""
    env.withdraw(arn_of(resource), _code(resource))


def resume(env: LambdaEnv) -> None:
    """At the start: say it of everything that is stored, but mappings, of which some are read."""
    for resource in env.resources:
        if resource.kind in SAYS and resource.kind != MAPPING:
            report(env, resource)


def arn_of(resource: Resource) -> str:
    """The ARN of an event source mapping, or of the function, version or alias that a setting belongs to."""
    if resource.kind == MAPPING:
        return f"arn:aws:lambda:{resource.scope.region}:{resource.scope.account}:event-source-mapping:{resource.name}"
    return function_arn(resource.scope, resource.function, resource.name)


def _code(resource: Resource) -> str:
    return f"stored-only/{resource.kind}"
