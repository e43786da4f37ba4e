"""What is named in every request: a version or alias of a function, whose provisioned concurrency is scaled."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lambent.engine.autoscaling import TARGET
from lambent.model.scope import Scope
from lambent.services.application_autoscaling import faults
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.store.resources import Resource

NAMESPACE = "lambda"
DIMENSION = "lambda:function:ProvisionedConcurrency"
RESOURCE_ID = re.compile(r"function:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,128})")


def resource_id(params: Mapping[str, Any]) -> str:
    """The version or alias of a request. Raises Fault for what is none."""
    named = str(params["ResourceId"])
    if params.get("ScalableDimension", DIMENSION) != DIMENSION or not RESOURCE_ID.fullmatch(named):
        raise faults.invalid("Unsupported service namespace, resource type or scalable dimension")
    return named


def find(env: AutoscalingEnv, scope: Scope, params: Mapping[str, Any]) -> Resource:
    """The registered target of a request. Raises ObjectNotFoundException."""
    named = resource_id(params)
    target = env.resources.get(TARGET, scope, "", named)
    if target is None:
        raise faults.not_found("scalable target", named)
    return target


def stamp(env: AutoscalingEnv) -> float:
    """Now, as it is stored and answered: seconds since 1970."""
    return round(env.clock(), 3)


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document with its times as such."""
    times = ("CreationTime", "StartTime", "EndTime")
    return {name: datetime.fromtimestamp(value, UTC) if name in times else value for name, value in document.items()}


def page(
    params: Mapping[str, Any], found: Sequence[Resource], name: str, keep: Callable[[Resource], bool]
) -> dict[str, Any]:
    """The part of a list that was asked for. A token is how many were answered before."""
    kept = [resource for resource in found if keep(resource)]
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise faults.invalid("Invalid NextToken")  # wording of our own
    start, size = int(token), int(params.get("MaxResults") or 50)
    answer: dict[str, Any] = {name: [shown(resource.document) for resource in kept[start : start + size]]}
    return answer | ({"NextToken": str(start + size)} if len(kept) > start + size else {})


def arn(scope: Scope, what: str) -> str:
    """An ARN of Application Auto Scaling."""
    return f"arn:aws:autoscaling:{scope.region}:{scope.account}:{what}"
