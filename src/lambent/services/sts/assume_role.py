"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.engine.authorisation import principals
from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.services.sts import faults, sessions
from lambent.services.sts.env import StsEnv, Wanted
from lambent.services.sts.get_caller_identity import unique_id

TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
CHAINED = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"


async def assume_role(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keys for a session of a role that trusts who asks. Raises Fault."""
    policies, tags = sessions.policies_of(params), sessions.tags_of(params)
    inherited = _inherited(caller)
    keys = _keys(params, tags)
    await _ask(env, caller, params, keys)
    if tags:
        await _ask(env, caller, params, keys, "sts:TagSession")
    source_identity = _source_identity(caller, params)
    if source_identity:
        await _ask(env, caller, params, {**keys, "sts:sourceidentity": source_identity}, "sts:SetSourceIdentity")
    held = Held(
        "", "", params["RoleArn"], params["RoleSessionName"],
        policies=policies,
        tags=tuple((inherited | tags).items()),
        transitive=(*inherited, *params.get("TransitiveTagKeys", ())),
        source_identity=source_identity,
    )  # fmt: skip
    said = {"SourceIdentity": held.source_identity} if held.source_identity else {}
    return await session(env, caller, held, params.get("DurationSeconds", sessions.HOUR)) | said


async def session(env: StsEnv, caller: Caller, held: Held, seconds: int) -> dict[str, Any]:
    """The answer with a new session's keys."""
    who = principals.session(held.role, held.session)
    known = replace(held, account=who.account)
    unique = await unique_id(env, held.role, caller.scope.region)
    return {
        "Credentials": await sessions.give(env, known, seconds),
        "AssumedRoleUser": {"AssumedRoleId": f"{unique}:{held.session}", "Arn": who.arn},
        "PackedPolicySize": sum(map(len, held.policies or ())) * 100 // 2_048,
    }


async def _ask(
    env: StsEnv, caller: Caller, params: Mapping[str, Any], keys: Mapping[str, Any], action: str = "sts:AssumeRole"
) -> None:
    granted = await env.ask(caller, Wanted(action, params["RoleArn"], keys))
    if granted.denied:
        raise faults.denied(granted.denied)
    check_duration(params, granted.max_session)
    chained = caller.held is not None and bool(caller.held.role)
    if chained and params.get("DurationSeconds", 0) > sessions.HOUR:
        raise faults.invalid(CHAINED)


def check_duration(params: Mapping[str, Any], most: int) -> None:
    """Raises Fault for a session longer than the role's may be."""
    if params.get("DurationSeconds", 0) > most:
        raise faults.invalid(TOO_LONG)


def _source_identity(caller: Caller, params: Mapping[str, Any]) -> str:
    """Once said, it stays for all sessions that follow. Raises Fault for another one.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    had = caller.held.source_identity if caller.held is not None else ""
    said = str(params.get("SourceIdentity") or "")
    if had and said and said != had:
        text = "SourceIdentity cannot be changed once it is set"  # our wording
        raise faults.denied(text)
    return had or said


def _inherited(caller: Caller) -> dict[str, str]:
    """The tags that go on from the session that asks."""
    held = caller.held
    return {} if held is None else {key: value for key, value in held.tags if key in held.transitive}


def _keys(params: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, str | tuple[str, ...]]:
    keys: dict[str, str | tuple[str, ...]] = {"sts:rolesessionname": params["RoleSessionName"]}
    for name, key in (("ExternalId", "sts:externalid"), ("SourceIdentity", "sts:sourceidentity")):
        if params.get(name):
            keys[key] = params[name]
    if tags:
        keys |= {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()} | {"aws:tagkeys": tuple(tags)}
    if params.get("TransitiveTagKeys"):
        keys["sts:transitivetagkeys"] = tuple(params["TransitiveTagKeys"])
    return keys
