"""The operations that are the same for every kind: create, get, list, update, delete.

A page holds what `MaxResults` says; without it 100, which is more than most quotas let an API have
(https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html).
"""

import base64
import binascii
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.apigatewayv2 import deploying, faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import (
    API,
    API_MAPPING,
    BENEATH,
    DEPLOYMENT,
    DOMAIN_NAME,
    OF_AN_API,
    VPC_LINK,
    Kind,
)
from lambent.store.resources import Resource

Operation = Callable[[ApiGatewayV2Env, Caller, Params], Awaitable[dict[str, Any]]]
Check = Callable[[ApiGatewayV2Env, Scope, str, Document], Document]
"""What makes a whole document of what a client gave: (env, scope, parent, document). Raises Fault."""
PAGE, MOST = 100, 1000


def one_at_a_time(operation: Operation) -> Operation:
    """An operation that writes: none other does meanwhile."""

    @functools.wraps(operation)
    async def alone(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        async with env.changing:
            return await operation(env, caller, params)

    return alone


def as_given(env: ApiGatewayV2Env, scope: Scope, parent: str, document: Document) -> Document:
    """No more than the client gave."""
    return document


def creator(kind: Kind, check: Check = as_given) -> Operation:
    """`Create…`."""

    @one_at_a_time
    async def create(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        scope, parent = caller.scope, env.parent(kind, caller.scope, params)
        changes = Changes()
        made = add(env, kind, (scope, parent), params, check, changes)
        after(env, kind, scope, parent, changes)
        await env.write(kind, changes)
        return env.shown(kind, _now(env, made).document)

    return create


def add(
    env: ApiGatewayV2Env, kind: Kind, place: tuple[Scope, str], params: Params, check: Check, changes: Changes
) -> Resource:
    """A new resource of what a client gave, added to the changes. Raises Fault."""
    scope, parent = place
    given = env.shown(kind, params) if kind is not API else _members(env, kind, params)
    if kind.digits:
        given[kind.member] = env.new_name(kind, scope, parent)
    made = env.made(kind, scope, parent, check(env, scope, parent, given))
    if env.resources.get(*made.key) is not None:
        raise faults.conflict(kind.taken.format(made.name))
    changes.inserts.append(made)
    return made


def _members(env: ApiGatewayV2Env, kind: Kind, params: Params) -> Document:
    members = env.members(kind)
    return {name: value for name, value in params.items() if name in members and value is not None}


def _now(env: ApiGatewayV2Env, resource: Resource) -> Resource:
    """The resource as it was written at last."""
    return env.resources.get(*resource.key) or resource


def after(env: ApiGatewayV2Env, kind: Kind, scope: Scope, parent: str, changes: Changes) -> None:
    """What follows from a change: stages that deploy automatically do."""
    if kind not in (API, DEPLOYMENT, DOMAIN_NAME, API_MAPPING, VPC_LINK):
        deploying.deploy_automatically(env, scope, parent.partition("/")[0], changes)


def getter(kind: Kind) -> Operation:
    """`Get…` of one."""

    async def get(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        return env.shown(kind, env.asked(kind, caller.scope, params).document)

    return get


def lister(kind: Kind) -> Operation:
    """`Get…` of a page."""

    async def get_many(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        found = env.resources.children(kind.stored, caller.scope, env.parent(kind, caller.scope, params))
        here, token = page(found, params)
        items = [env.shown(kind, one.document) for one in here]
        return {"Items": items, **({"NextToken": token} if token else {})}

    return get_many


def page(found: list[Resource], params: Params) -> tuple[list[Resource], str]:
    """The resources of one page, and the token of the next ("" behind the last). Raises 400."""
    said = params.get("MaxResults")
    if said is not None and not (str(said).isdigit() and 1 <= int(said) <= MOST):
        raise faults.bad_request(f"Invalid value for maxResults: it must be between 1 and {MOST}")
    limit, token = int(said or PAGE), params.get("NextToken")
    rest = [one for one in found if one.name > _name_in(token)] if token else found
    here = rest[:limit]
    return here, _token(here[-1].name) if len(rest) > limit else ""


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_in(token: Any) -> str:
    try:
        return base64.b64decode(str(token), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise faults.bad_request("Invalid nextToken specified") from None


def updater(kind: Kind, check: Check = as_given) -> Operation:
    """`Update…`: the members that are given take the place of those that are there."""

    @one_at_a_time
    async def update(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        old, parent = env.asked(kind, caller.scope, params), env.parent(kind, caller.scope, params)
        given = _members(env, kind, params)
        document = check(env, caller.scope, parent, merged(old.document, given))
        return await replaced(env, kind, old, document)

    return update


MERGED: Document = {"RequestParameters": "", "ResponseParameters": {}, "StageVariables": "", "RouteSettings": None}
"""Members whose parts are changed one by one, and what takes one away. (Settings of routes and parameters that a route
asks for have operations for that.) Source: how Terraform's provider changes them,
https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/apigatewayv2 (stage.go and others)."""


def merged(document: Document, given: Document) -> Document:
    """What is given takes the place of what is there; of some members, part by part."""
    new = document | given
    for member, gone in MERGED.items():
        if isinstance(given.get(member), dict):
            both = {**(document.get(member) or {}), **given[member]}
            new[member] = {name: value for name, value in both.items() if value != gone}
    return new


async def replaced(env: ApiGatewayV2Env, kind: Kind, old: Resource, document: Document) -> dict[str, Any]:
    """Write another document, and show it."""
    changes = Changes(replaces=[env.changed(old, document)])
    scope, api_id = old.scope, old.name if kind is API else old.parent
    if kind is API:
        deploying.deploy_automatically(env, scope, api_id, changes)
    after(env, kind, scope, api_id, changes)
    await env.write(kind, changes)
    return env.shown(kind, _now(env, old).document)


def deleter(kind: Kind, check: Callable[[ApiGatewayV2Env, Resource], None] | None = None) -> Operation:
    """`Delete…`: with everything that belongs to it."""

    @one_at_a_time
    async def delete(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
        old = env.asked(kind, caller.scope, params)
        if check is not None:
            check(env, old)
        changes = Changes(deletes=[old, *beneath(env, kind, old)])
        after(env, kind, old.scope, old.parent, changes)
        await env.write(kind, changes)
        return {}

    return delete


def beneath(env: ApiGatewayV2Env, kind: Kind, old: Resource) -> list[Resource]:
    """Everything that belongs to a resource."""
    path = f"{old.parent}/{old.name}" if old.parent else old.name
    kinds = OF_AN_API if kind is API else (API_MAPPING,) if kind is DOMAIN_NAME else ()
    below = [BENEATH[kind]] if kind in BENEATH else list(kinds)
    found = []
    for each in below:
        for one in env.resources.children(each.stored, old.scope, path):
            found += [one, *beneath(env, each, one)]
    return found
