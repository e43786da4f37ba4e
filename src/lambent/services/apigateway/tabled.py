"""The operations that are the same for every kind: get, list, create, update, delete.

Sources: the operations' pages at https://docs.aws.amazon.com/apigateway/latest/api/. A page holds 25 items unless
`limit` says otherwise (500 at most); `position` is where the next one begins.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lambent.model.scope import Caller
from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import Kind
from lambent.store.resources import Resource

Operation = Callable[[ApiGatewayEnv, Caller, Params], Awaitable[dict[str, Any]]]
Prepare = Callable[[ApiGatewayEnv, Caller, Params, Document], Document]
"""What makes the document of a new resource of what its creator gave. Raises Fault."""
Show = Callable[[ApiGatewayEnv, Mapping[str, Any]], Document]
PAGE, MOST = 25, 500


def shown(env: ApiGatewayEnv, kind: Kind, document: Mapping[str, Any]) -> Document:
    """The document as its shape has it: what is kept beside is left out."""
    members = env.shape(kind.shape).members
    return {name: value for name, value in document.items() if name in members and value is not None}


def page(items: Sequence[Any], params: Params, names: Callable[[Any], str], most: int = MOST) -> tuple[list[Any], str]:
    """The items of one page, and the position of the next ("" behind the last). Raises 400."""
    limit = params.get("limit")
    limit = PAGE if limit is None else int(limit)
    if not limit >= 0:
        raise faults.bad_request("Invalid limit specified")
    limit = min(limit, most) or PAGE
    after = _after(params.get("position"))
    rest = [item for item in items if names(item) > after] if after is not None else list(items)
    here = rest[:limit]
    return here, _position(names(here[-1])) if len(rest) > limit else ""


def _position(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _after(position: Any) -> str | None:
    if not position:
        return None
    try:
        return base64.b64decode(f"{position}{'=' * (-len(str(position)) % 4)}", b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise faults.bad_request("Invalid position parameter specified.") from None


def listed(items: list[Document], position: str, member: str = "items") -> dict[str, Any]:
    """A page's result."""
    return {member: items, **({"position": position} if position else {})}


def getter(kind: Kind, show: Show | None = None) -> Operation:
    """`Get…` of one; `show` is how it is answered, where its document is not."""

    async def get(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        document = env.asked(kind, caller.scope, params).document
        return show(env, document) if show is not None else shown(env, kind, document)

    return get


def lister(kind: Kind, show: Show | None = None) -> Operation:
    """`Get…` of a page, so too."""

    async def get_many(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        found = env.all(kind, caller.scope, env.owner(kind, caller.scope, params))
        here, position = page(found, params, _name)
        documents = [one.document for one in here]
        return listed([show(env, one) if show is not None else shown(env, kind, one) for one in documents], position)

    return get_many


def _name(resource: Resource) -> str:
    return resource.name


def as_given(env: ApiGatewayEnv, caller: Caller, params: Params, document: Document) -> Document:
    """What its creator gave, and no more."""
    return document


def creator(kind: Kind, prepare: Prepare = as_given) -> Operation:
    """`Create…`: the parameters that the shape has, and what `prepare` makes of them."""

    async def create(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        scope = caller.scope
        owner = env.owner(kind, scope, params)
        given = shown(env, kind, params)
        if kind.owner is not None and kind.owner.param not in env.shape(kind.shape).members:
            given.pop(kind.owner.param, None)
        name = env.new_name(kind, scope, owner) if kind.digits else str(params[kind.param_given(params)])
        document = prepare(env, caller, params, {kind.member: name} | given)
        resource = await env.insert(kind, scope, owner, name, document)
        return shown(env, kind, resource.document)

    return create


def updater(kind: Kind, check: Callable[[ApiGatewayEnv, Caller, Params, Document], None] | None = None) -> Operation:
    """`Update…`; `check` may refuse what came out."""

    async def update(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        scope = caller.scope
        asked = env.asked(kind, scope, params)
        key = (scope, asked.parent, asked.name)

        def work(document: Document) -> Document:
            shape = env.shape(kind.shape)
            new = patching.patched(shape, document, params.get("patchOperations") or (), kind.patched)
            if check is not None:
                check(env, caller, params, new)
            return _touched(env, kind, new)

        return shown(env, kind, (await env.change(kind, key, work)).document)

    return update


def _touched(env: ApiGatewayEnv, kind: Kind, document: Document) -> Document:
    if "lastUpdatedDate" in env.shape(kind.shape).members:
        document["lastUpdatedDate"] = int(env.wall())
    return document


def deleter(kind: Kind) -> Operation:
    """`Delete…`."""

    async def delete(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        await env.resources.discard(env.asked(kind, caller.scope, params))
        return {}

    return delete
