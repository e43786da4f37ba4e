"""Which roles of other accounts a function may assume: those whose trust policy says so, or accounts would be no walls.

From outside every account can be named anyway, and no policy is asked.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

import orjson

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.query import form_of

ASSUME = "sts:AssumeRole"
FORM = "application/x-www-form-urlencoded"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:.*/)?([^/]+)")


async def trusted(neighbour: Neighbour, request: Request, caller: Caller) -> Request:
    """What STS is asked for a function: the request as it was understood here, lest moto understand it otherwise.

    Raises Fault (403) for a role of another account that does not trust the function.
    """
    form = form_of(request)
    role, action = _ROLE.fullmatch(form.get("RoleArn", "")), f"sts:{form.get('Action')}"
    if "RoleArn" in form and (role is None or role[1] != caller.scope.account):
        if role is None or action != ASSUME:  # nobody checks a token of an identity provider
            raise Fault("AccessDenied", f"Not authorized to perform {action}", status=403)
        await _check(neighbour, caller, role, form)
    authorization = request.headers.get("authorization") or signed_as(caller.scope, "sts", caller.access_key)
    headers = {"host": "127.0.0.1", "authorization": authorization, "content-type": FORM}
    return Request("POST", "/", "", headers, urlencode(form).encode(), request.inside)


async def _check(neighbour: Neighbour, caller: Caller, role: re.Match[str], form: Mapping[str, str]) -> None:
    policy = await _trust_policy(neighbour, caller, Scope(role[1], caller.scope.region), role[2])
    context = {"sts:externalid": form["ExternalId"]} if "ExternalId" in form else {}
    who = resource.caller(caller.scope.account, caller.role)
    if not resource.lets_in(policy, Ask(who, ASSUME, role[0], keys=context)):
        text = f"User: {caller.role} is not authorized to perform: {ASSUME} on resource: {role[0]}"
        raise Fault("AccessDenied", text, status=403)


async def _trust_policy(neighbour: Neighbour, caller: Caller, scope: Scope, name: str) -> dict[str, object]:
    """The trust policy of a role; one that allows nothing when there is no such role."""
    headers = {"host": "127.0.0.1", "authorization": signed_as(scope, "iam"), "content-type": FORM}
    form = urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": name})
    asked = Request("POST", "/", "", headers, form.encode())
    response = await neighbour.forward(asked, Caller(scope, caller.request_id), "iam")
    assert isinstance(response.body, bytes)
    found = re.search(r"<AssumeRolePolicyDocument>(.*?)</", response.body.decode("utf-8", "replace"), re.DOTALL)
    try:
        policy = orjson.loads(unquote(found[1])) if found else {}
    except orjson.JSONDecodeError:
        policy = {}
    return policy if isinstance(policy, dict) else {}
