"""Connections and API destinations.

What authorizes is kept with the connection and never said again. On AWS it is a secret of Secrets Manager: its ARN is
answered here, too, but the secret is not found there.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lambent.buses import calling, errors, names
from lambent.buses.registry import CONNECTION, DESTINATION, Document
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.services.events import paging
from lambent.services.events.env import EventsEnv
from lambent.store.errors import RecordExists

AUTHORIZED, DEAUTHORIZED = "AUTHORIZED", "DEAUTHORIZED"
PARAMETERS = {
    calling.BASIC: "BasicAuthParameters",
    calling.API_KEY: "ApiKeyAuthParameters",
    calling.OAUTH: "OAuthParameters",
}
PLAIN = "endpoint-not-https"
RATE = 300


async def create_connection(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new way to authorize requests."""
    scope, name = caller.scope, params["Name"]
    _check(params)
    auth = params["AuthParameters"]
    _require(params["AuthorizationType"], auth)
    now = env.now()
    document = {
        "uid": env.new_id(),
        "kind": params["AuthorizationType"],
        "auth": auth,
        "description": params.get("Description") or "",
        "state": AUTHORIZED,
        "created": now,
        "modified": now,
        "authorized": now,
    }
    try:
        await env.registry.add(CONNECTION, scope, name, document)
    except RecordExists:
        raise errors.exists(f"Connection {name} already exists.") from None
    said = _told(scope, name, document)
    del said["LastAuthorizedTime"]  # it comes later, on AWS
    return said


async def update_connection(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    scope, name = caller.scope, params["Name"]
    found = _connection(env, scope, name)
    _check(params)
    kind = params.get("AuthorizationType") or found["kind"]
    auth = _merged(found["auth"] if kind == found["kind"] else {}, params.get("AuthParameters") or {})
    _require(kind, auth)
    now = env.now()
    given = {"kind": kind, "auth": auth, "state": AUTHORIZED, "modified": now, "authorized": now}
    if params.get("Description") is not None:
        given["description"] = params["Description"]
    document = await env.registry.change(CONNECTION, scope, name, lambda _found: given)
    return _told(scope, name, document)


async def deauthorize_connection(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Forget what authorizes."""
    scope, name = caller.scope, params["Name"]
    _connection(env, scope, name)
    given = {"auth": {}, "state": DEAUTHORIZED, "modified": env.now()}
    return _told(scope, name, await env.registry.change(CONNECTION, scope, name, lambda _found: given))


async def delete_connection(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete it; API destinations that use it can't be called any more."""
    scope, name = caller.scope, params["Name"]
    found = _connection(env, scope, name)
    await env.registry.remove(CONNECTION, scope, name)
    return {**_told(scope, name, found), "ConnectionState": "DELETING"}


async def describe_connection(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about a connection but its secrets."""
    scope, name = caller.scope, params["Name"]
    found = _connection(env, scope, name)
    secret = f"events!connection/{name}/{found['uid']}"
    return {
        **_told(scope, name, found),
        "Name": name,
        "Description": found["description"] or None,
        "AuthorizationType": found["kind"],
        "SecretArn": f"arn:aws:secretsmanager:{scope.region}:{scope.account}:secret:{secret}",
        "AuthParameters": _without_secrets(found["auth"]) or None,
    }


async def list_connections(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of connections, by name."""
    prefix, state = params.get("NamePrefix") or "", params.get("ConnectionState")
    found = [
        {**_told(caller.scope, name, one), "Name": name, "AuthorizationType": one["kind"]}
        for name, one in env.registry.all(CONNECTION, caller.scope)
        if name.startswith(prefix) and state in (None, one["state"])
    ]
    return paging.page(found, "Name", params, "Connections")


async def create_api_destination(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new endpoint on the web that rules may send to."""
    scope, name = caller.scope, params["Name"]
    _check_destination(env, scope, params)
    now = env.now()
    document = {
        "uid": env.new_id(),
        "connection": params["ConnectionArn"],
        "endpoint": params["InvocationEndpoint"],
        "method": params["HttpMethod"],
        "rate": params.get("InvocationRateLimitPerSecond") or RATE,
        "description": params.get("Description") or "",
        "created": now,
        "modified": now,
    }
    try:
        await env.registry.add(DESTINATION, scope, name, document)
    except RecordExists:
        raise errors.exists(f"An api-destination '{name}' already exists.") from None
    return _destination_told(env, scope, name, document)


async def update_api_destination(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    scope, name = caller.scope, params["Name"]
    _destination(env, scope, name)
    _check_destination(env, scope, params)
    members = {
        "ConnectionArn": "connection",
        "InvocationEndpoint": "endpoint",
        "HttpMethod": "method",
        "InvocationRateLimitPerSecond": "rate",
        "Description": "description",
    }
    given = {kept: params[member] for member, kept in members.items() if params.get(member) is not None}
    document = await env.registry.change(DESTINATION, scope, name, lambda _found: {**given, "modified": env.now()})
    return _destination_told(env, scope, name, document)


async def delete_api_destination(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Delete it."""
    scope, name = caller.scope, params["Name"]
    found = _destination(env, scope, name)
    await env.registry.remove(DESTINATION, scope, name)
    env.withdraw(_destination_arn(scope, name, found))
    return {}


async def describe_api_destination(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All about an API destination."""
    scope, name = caller.scope, params["Name"]
    found = _destination(env, scope, name)
    return {**_destination_shown(env, scope, name, found), "Description": found["description"] or None}


async def list_api_destinations(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of API destinations, by name."""
    prefix, arn = params.get("NamePrefix") or "", params.get("ConnectionArn")
    found = [
        _destination_shown(env, caller.scope, name, one)
        for name, one in env.registry.all(DESTINATION, caller.scope)
        if name.startswith(prefix) and arn in (None, one["connection"])
    ]
    return paging.page(found, "Name", params, "ApiDestinations")


def _check(params: Mapping[str, Any]) -> None:
    """What would have no effect is refused by name. Raises BusError."""
    if params.get("InvocationConnectivityParameters") or (params.get("AuthParameters") or {}).get(
        "ConnectivityParameters"
    ):
        raise errors.unsupported("private connectivity of connections")


def _require(kind: str, auth: Mapping[str, Any]) -> None:
    if PARAMETERS[kind] not in auth:
        text = f"Parameter AuthParameters is not valid. Reason: {PARAMETERS[kind]} is required for {kind}."  # ours
        raise errors.validation(text)


def _merged(there: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, over what is there, member by member."""
    merged = dict(there)
    for name, value in given.items():
        if value is None:
            continue
        known = there.get(name)
        merged[name] = _merged(known, value) if isinstance(value, dict) and isinstance(known, dict) else value
    return merged


def _connection(env: EventsEnv, scope: Scope, name: str) -> Document:
    found = env.registry.find(CONNECTION, scope, name)
    if found is None:
        raise errors.not_found(f"Connection '{name}' does not exist.")
    return found


def _destination(env: EventsEnv, scope: Scope, name: str) -> Document:
    found = env.registry.find(DESTINATION, scope, name)
    if found is None:
        raise errors.not_found(f"An api-destination '{name}' does not exist.")
    return found


def _told(scope: Scope, name: str, found: Document) -> dict[str, Any]:
    return {
        "ConnectionArn": names.arn(scope, f"connection/{name}/{found['uid']}"),
        "ConnectionState": found["state"],
        "CreationTime": found["created"],
        "LastModifiedTime": found["modified"],
        "LastAuthorizedTime": found["authorized"],
    }


def _without_secrets(auth: Mapping[str, Any]) -> dict[str, Any]:
    """As DescribeConnection says it: neither passwords, keys and secrets nor values that are marked as secret."""
    shown: dict[str, Any] = {}
    if "BasicAuthParameters" in auth:
        shown["BasicAuthParameters"] = {"Username": auth["BasicAuthParameters"]["Username"]}
    if "ApiKeyAuthParameters" in auth:
        shown["ApiKeyAuthParameters"] = {"ApiKeyName": auth["ApiKeyAuthParameters"]["ApiKeyName"]}
    if "OAuthParameters" in auth:
        said = dict(auth["OAuthParameters"])
        said["ClientParameters"] = {"ClientID": said["ClientParameters"]["ClientID"]}
        if said.get("OAuthHttpParameters"):
            said["OAuthHttpParameters"] = _without_values(said["OAuthHttpParameters"])
        shown["OAuthParameters"] = said
    if auth.get("InvocationHttpParameters"):
        shown["InvocationHttpParameters"] = _without_values(auth["InvocationHttpParameters"])
    return shown


def _without_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """A value is secret unless it says otherwise."""
    return {
        place: [
            one if one.get("IsValueSecret") is False else {**one, "Value": None, "IsValueSecret": True}
            for one in entries or ()
        ]
        for place, entries in said.items()
    }


def _check_destination(env: EventsEnv, scope: Scope, params: Mapping[str, Any]) -> None:
    """Raises BusError."""
    arn = params.get("ConnectionArn")
    if arn is not None and _connection_of(env, scope, arn) is None:
        raise errors.not_found(f"Connection '{arn.split('/')[-2]}' does not exist.")
    endpoint = params.get("InvocationEndpoint")
    if endpoint is not None and urlsplit(endpoint).scheme not in ("http", "https"):
        text = "Parameter InvocationEndpoint is not valid. Reason: It must be an HTTPS endpoint."  # our wording
        raise errors.validation(text)


def _connection_of(env: EventsEnv, scope: Scope, arn: str) -> Document | None:
    """The connection of an ARN, or None."""
    parts = arn.split(":", 5)
    here = Scope(parts[4], parts[3]) == scope
    return env.registry.uniquely(CONNECTION, scope, parts[5]) if here else None


def _destination_arn(scope: Scope, name: str, found: Document) -> str:
    return names.arn(scope, f"api-destination/{name}/{found['uid']}")


def _destination_told(env: EventsEnv, scope: Scope, name: str, found: Document) -> dict[str, Any]:
    """The answer to a change; on AWS an endpoint has HTTPS."""
    arn = _destination_arn(scope, name, found)
    env.withdraw(arn, PLAIN)
    if not found["endpoint"].startswith("https://"):
        env.report(Finding(PLAIN, arn, f"{found['endpoint']} is called here; AWS takes endpoints with HTTPS alone."))
    shown = _destination_shown(env, scope, name, found)
    return {one: shown[one] for one in ("ApiDestinationArn", "ApiDestinationState", "CreationTime", "LastModifiedTime")}


def _destination_shown(env: EventsEnv, scope: Scope, name: str, found: Document) -> dict[str, Any]:
    connection = _connection_of(env, scope, found["connection"])
    able = connection is not None and connection["state"] == AUTHORIZED
    return {
        "ApiDestinationArn": _destination_arn(scope, name, found),
        "Name": name,
        "ApiDestinationState": "ACTIVE" if able else "INACTIVE",
        "ConnectionArn": found["connection"],
        "InvocationEndpoint": found["endpoint"],
        "HttpMethod": found["method"],
        "InvocationRateLimitPerSecond": found["rate"],
        "CreationTime": found["created"],
        "LastModifiedTime": found["modified"],
    }
