"""What moto takes although nothing comes of it: a finding each.

What it is told to send to, and never does, is in `lambent.neighbour.unreached`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.neighbour.request_model import Asked

NOT_MATCHED = "moto keeps the Matcher of a target group of functions as it was when that was made: make another one"

NOT_WRITTEN = "logs of load balancers are configured, and nothing is written to the bucket yet"
NOT_STICKY = "a client is not kept at the target group that it got first: each request is dealt by the weights"


def remarks(asked: Asked, scope: Scope) -> list[Finding]:
    """The findings about a request that moto has taken."""
    find = _ABOUT.get(asked.service)
    return list(find(asked, scope)) if find is not None else []


def _balancers(asked: Asked, _scope: Scope) -> Iterator[Finding]:
    if asked.operation == "ModifyTargetGroup" and asked.params.get("Matcher"):
        yield Finding("matcher-not-changed", str(asked.params.get("TargetGroupArn")), NOT_MATCHED)
    if asked.operation == "ModifyLoadBalancerAttributes":
        said = [one.get("Key") for one in asked.params.get("Attributes") or () if one.get("Value") == "true"]
        if any(str(key).endswith("_logs.s3.enabled") for key in said):
            yield Finding("load-balancer-logs", str(asked.params.get("LoadBalancerArn")), NOT_WRITTEN)
    if any(_is_sticky(one) for one in [*_list(asked, "DefaultActions"), *_list(asked, "Actions")]):
        names = (asked.params.get(name) for name in ("ListenerArn", "RuleArn", "LoadBalancerArn"))
        yield Finding("load-balancer-stickiness", str(next((name for name in names if name), "")), NOT_STICKY)


def _list(asked: Asked, member: str) -> list[Mapping[str, Any]]:
    return [one for one in asked.params.get(member) or () if isinstance(one, Mapping)]


def _is_sticky(action: Mapping[str, Any]) -> bool:
    said = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    return bool(said.get("Enabled"))


_ABOUT: dict[str, Callable[[Asked, Scope], Iterator[Finding]]] = {
    "elbv2": _balancers,
}
