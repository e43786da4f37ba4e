"""What moto takes although nothing comes of it: a finding each.

What it is told to send to, and never does, is in `lambent.neighbour.unreached`.
"""

from collections.abc import Callable, Iterator

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.neighbour.request_model import Asked

NOT_MATCHED = "moto keeps the Matcher of a target group of functions as it was when that was made: make another one"

NOT_WRITTEN = "logs of load balancers are configured, and nothing is written to the bucket yet"
UNOBEYED = ("routing.http.xff_client_port.enabled", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled")
NOT_OBEYED = "attributes of a load balancer that change nothing here: "

NO_ROLE = "the roles of an identity pool are kept, and GetCredentialsForIdentity gives keys that are no role's"


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
        unobeyed = sorted(str(key) for key in said if key in UNOBEYED)
        if unobeyed:
            yield Finding(
                "stored-only/load-balancer",
                str(asked.params.get("LoadBalancerArn")),
                f"{NOT_OBEYED}{', '.join(unobeyed)}",
            )


def _identity_pools(asked: Asked, _scope: Scope) -> Iterator[Finding]:
    if asked.operation == "SetIdentityPoolRoles" and (asked.params.get("Roles") or asked.params.get("RoleMappings")):
        yield Finding("stored-only/identity-pool-roles", str(asked.params.get("IdentityPoolId")), NO_ROLE)


_ABOUT: dict[str, Callable[[Asked, Scope], Iterator[Finding]]] = {
    "cognito-identity": _identity_pools,
    "elbv2": _balancers,
}
