"""What the operations need from the rest of the server, and how they change what is stored."""

import asyncio
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel

from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.kinds import API, Kind
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource, Resources

ID_ALPHABET = string.ascii_lowercase + string.digits
REGION = "Region"
"""The member of an API's document that no client sees."""
Document = dict[str, Any]
Params = dict[str, Any]


@dataclass(slots=True)
class Changes:
    """What one operation is about to write."""

    inserts: list[Resource] = field(default_factory=list)
    replaces: list[tuple[Resource, Resource]] = field(default_factory=list)
    deletes: list[Resource] = field(default_factory=list)

    def children(self, resources: Resources, kind: str, scope: Scope, parent: str) -> list[Resource]:
        """The resources of a parent as they will be."""
        found = {one.name: one for one in resources.children(kind, scope, parent)}
        for one in self.deletes:
            if (one.kind, one.scope, one.parent) == (kind, scope, parent):
                found.pop(one.name, None)
        for one in (*(new for _, new in self.replaces), *self.inserts):
            if (one.kind, one.scope, one.parent) == (kind, scope, parent):
                found[one.name] = one
        return list(found.values())

    def get(self, resources: Resources, kind: str, scope: Scope, parent: str, name: str) -> Resource | None:
        """One resource as it will be."""
        return next((one for one in self.children(resources, kind, scope, parent) if one.name == name), None)


@dataclass(slots=True)
class ApiGatewayV2Env:
    """The ports of the operations.

    `operation` answers botocore's model of one; `wall` is seconds since 1970 by the platform's clock; `endpoint` is the
    URL, without its scheme, at which a host name's first part is reached on this machine; `flush` forgets what the
    authorizers of a stage have said. Operations that write hold `changing`: one after another.
    """

    resources: Resources
    operation: Callable[[str], OperationModel]
    wall: Callable[[], float]
    new_id: Callable[[], str]
    report: Callable[[Finding], None]
    endpoint: Callable[[str], str] = lambda name: f"{name}.amazonaws.com"
    flush: Callable[[Scope, str, str], None] = lambda _scope, _api, _stage: None
    is_own: Callable[[str], bool] = lambda _name: False
    """Whether a host name is the platform's own."""
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    # --- reads

    def find(self, kind: Kind, scope: Scope, parent: str, name: str) -> Resource:
        """One resource. Raises 404."""
        found = self.resources.get(kind.stored, scope, parent, name)
        if found is None:
            raise faults.not_found(kind.lacking.format(f"{scope.account}:{name}" if kind is API else name))
        return found

    def parent(self, kind: Kind, scope: Scope, params: Mapping[str, Any]) -> str:
        """What the resources of `kind` that a request is about belong to: ids joined by a slash. Raises 404."""
        owner = kind.owner
        if owner is None:
            return ""
        above, name = self.parent(owner, scope, params), str(params[owner.member])
        self.find(owner, scope, above, name)
        return f"{above}/{name}" if above else name

    def asked(self, kind: Kind, scope: Scope, params: Mapping[str, Any]) -> Resource:
        """The resource that a request names. Raises 404."""
        return self.find(kind, scope, self.parent(kind, scope, params), str(params[kind.member]))

    def members(self, kind: Kind) -> Mapping[str, Any]:
        """The members that clients see of a kind."""
        members: Mapping[str, Any] = self.operation(f"Get{kind.shape}").output_shape.members
        return members

    def shown(self, kind: Kind, document: Mapping[str, Any]) -> Document:
        """The document as clients see it."""
        members = self.members(kind)
        shown = {name: value for name, value in document.items() if name in members and value is not None}
        if kind is API:
            scheme = "ws" if document["ProtocolType"] == "WEBSOCKET" else "http"
            name = f"{document['ApiId']}.execute-api.{document[REGION]}"
            shown["ApiEndpoint"] = f"{scheme}://{self.endpoint(name)}"
        return shown

    # --- writes

    def made(self, kind: Kind, scope: Scope, parent: str, document: Document) -> Resource:
        """A new resource, that is not written yet."""
        return Resource(kind.stored, scope, parent, str(document[kind.member]), self.new_id(), document)

    def changed(self, old: Resource, document: Document) -> tuple[Resource, Resource]:
        """What `Changes.replaces` holds."""
        return old, old.changed(self.new_id(), document)

    async def write(self, kind: Kind, changes: Changes) -> None:
        """All or nothing. Raises 409 for an insert of `kind` that is there."""
        try:
            await self.resources.write(changes.inserts, changes.replaces, changes.deletes)
        except RecordExists as error:
            raise faults.conflict(kind.taken.format(error.args[0] if error.args else "")) from error

    def new_name(self, kind: Kind, scope: Scope, parent: str) -> str:
        """An id that none of its kind has; an API's, that no other of any account has."""
        while True:
            name = "".join(secrets.choice(ID_ALPHABET) for _ in range(kind.digits))
            if kind is API and self.resources.anywhere(kind.stored, parent, name) is None:
                return name
            if kind is not API and self.resources.get(kind.stored, scope, parent, name) is None:
                return name
