"""PutResourcePolicy, ListResourcePolicies, DeleteResourcePolicy: which services may send segments to an account.

Source: https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html (five policies of 5 KB; revisions).
"""

import json
from typing import Any

from lambent.engine.authorisation import checking, principals, resource
from lambent.engine.authorisation.decide import Ask
from lambent.model.scope import Caller, Scope
from lambent.services.xray import faults
from lambent.services.xray.env import XRayEnv
from lambent.store.resources import Resource, Resources
from lambent.wire.fault import Fault

KIND = "xray/resource-policy"
MOST, MOST_BYTES = 5, 5 * 1024
POLICIES = checking.Kind("needed", "needed", plain_sids=False)
SENDS = "xray:PutTraceSegments"


async def put_resource_policy(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make one, or replace one of which the revision is known ("0": only if there is none)."""
    name, text, revision = params["PolicyName"], params["PolicyDocument"], params.get("PolicyRevisionId")
    if len(text.encode()) > MOST_BYTES:
        raise _refused("PolicySizeLimitExceededException", f"A policy has at most {MOST_BYTES} bytes.")
    if checking.check(text, POLICIES) is not None:
        raise _refused("MalformedPolicyDocumentException", "The policy document is malformed.")
    before = env.resources.get(KIND, caller.scope, "", name)
    _check_revision(before, revision)
    if before is None and len(list(env.resources.all(KIND, caller.scope))) >= MOST:
        raise _refused("PolicyCountLimitExceededException", f"An account has at most {MOST} resource policies.")
    shown = {"PolicyName": name, "PolicyDocument": text, "LastUpdatedTime": env.clock()}
    shown["PolicyRevisionId"] = str(int(before.document["PolicyRevisionId"]) + 1 if before else 1)
    await env.resources.put(Resource(KIND, caller.scope, "", name, env.new_id(), shown))
    return {"ResourcePolicy": shown}


async def list_resource_policies(env: XRayEnv, caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """All of them."""
    return {"ResourcePolicies": [one.document for one in env.resources.all(KIND, caller.scope)]}


async def delete_resource_policy(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One less."""
    found = env.resources.get(KIND, caller.scope, "", params["PolicyName"])
    if found is None:
        raise faults.invalid(f"The resource policy {params['PolicyName']} does not exist.")
    _check_revision(found, params.get("PolicyRevisionId"))
    await env.resources.discard(found)
    return {}


def _check_revision(found: Resource | None, revision: str | None) -> None:
    if revision is not None and revision != (found.document["PolicyRevisionId"] if found else "0"):
        raise _refused("InvalidPolicyRevisionIdException", "The policy has another revision.")


def _refused(code: str, message: str) -> Fault:
    return Fault(code, message, status=400)


def lets_send(resources: Resources, scope: Scope, service: str, source: str) -> bool:
    """Whether a service may send segments to an account, for one of its resources (an ARN).

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html (the policy, with its condition keys).
    """
    keys = {"aws:sourceaccount": scope.account, "aws:sourcearn": source}
    ask = Ask(principals.service(service), SENDS, keys=keys)
    said = {resource.said(json.loads(one.document["PolicyDocument"]), ask) for one in resources.all(KIND, scope)}
    return "Allow" in said and "Deny" not in said
