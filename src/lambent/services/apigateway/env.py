"""What the operations need from the rest of the server."""

import secrets
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.model import Shape

from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults
from lambent.services.apigateway.kinds import REST_API, Kind
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import ATTEMPTS, Resource, Resources

DIGITS = 6
ID_ALPHABET = string.ascii_lowercase + string.digits
Document = dict[str, Any]
Params = dict[str, Any]
Try = Callable[[Caller, Params], Awaitable[dict[str, Any]]]


class Withdraw(Protocol):
    """Take back what was reported of a resource: one code, or all of it."""

    def __call__(self, resource: str, code: str = "") -> None: ...


async def _untried(_caller: Caller, _params: Params) -> dict[str, Any]:
    raise faults.unbuilt("trying a method or authorizer out")


@dataclass(slots=True)
class ApiGatewayEnv:
    """The ports of the operations.

    `shape` answers botocore's shape of a name; `wall` is seconds since the epoch by the platform's clock; `try_method`
    and `try_authorizer` run what is not deployed yet; `flush` empties the caches of a stage's authorizers,
    `flush_responses` its cache of answers; `usage` is
    the ledger of what was used of usage plans.
    """

    resources: Resources
    shape: Callable[[str], Shape]
    wall: Callable[[], float]
    new_id: Callable[[], str]
    report: Callable[[Finding], None]
    withdraw: Withdraw
    address: Callable[[str, str], str] = lambda api_id, region: ""
    """The URL at which an API of a region is reached on this machine."""
    is_own: Callable[[str], bool] = lambda _name: False
    """Whether a host name is the platform's own."""
    try_method: Try = _untried
    try_authorizer: Try = _untried
    flush: Callable[[Scope, str, str], None] = lambda _scope, _api, _stage: None
    flush_responses: Callable[[Scope, str, str], None] = lambda _scope, _api, _stage: None

    # --- reads

    def find(self, kind: Kind, scope: Scope, owner: str, name: str) -> Resource:
        """One resource. Raises 404."""
        found = self.resources.get(kind.stored, scope, owner, name)
        if found is None:
            raise faults.no_api(scope.account, name) if kind is REST_API else faults.not_found(kind.missing(name))
        return found

    def owner(self, kind: Kind, scope: Scope, params: Params) -> str:
        """What the resources of `kind` that a request is about belong to. Raises 404 when that is not there."""
        if kind.owner is None:
            return ""
        name = str(params[kind.owner.param])
        self.find(kind.owner, scope, "", name)
        return name

    def asked(self, kind: Kind, scope: Scope, params: Params) -> Resource:
        """The resource that a request names. Raises 404, in the words of its own kind where the API is not there."""
        owner = str(params["restApiId"]) if kind.owner is REST_API else self.owner(kind, scope, params)
        return self.find(kind, scope, owner, str(params[kind.param]))

    def all(self, kind: Kind, scope: Scope, owner: str) -> list[Resource]:
        """All resources of a kind that belong to `owner`."""
        return self.resources.children(kind.stored, scope, owner)

    # --- writes

    def made(self, kind: Kind, scope: Scope, owner: str, name: str, document: Document) -> Resource:
        """A resource that is not written yet."""
        return Resource(kind.stored, scope, owner, name, self.new_id(), document)

    def made_of(self, stored: str, scope: Scope, owner: str, name: str, document: Document) -> Resource:
        """The same of what is no kind of resource."""
        return Resource(stored, scope, owner, name, self.new_id(), document)

    async def insert(self, kind: Kind, scope: Scope, owner: str, name: str, document: Document) -> Resource:
        """Raises 409."""
        resource = self.made(kind, scope, owner, name, document)
        try:
            await self.resources.insert(resource)
        except RecordExists as error:
            raise faults.conflict(kind.exists(name)) from error
        return resource

    async def change(self, kind: Kind, key: tuple[Scope, str, str], work: Callable[[Document], Document]) -> Resource:
        """Put what `work` makes of the document in its place; `work` may run again after another's change."""
        for _ in range(ATTEMPTS):
            old = self.find(kind, *key)
            new = old.changed(self.new_id(), work(old.document))
            try:
                await self.resources.replace(old, new)
            except RecordChanged:
                continue
            return new
        raise faults.conflict(faults.CONCURRENT)

    def new_name(self, kind: Kind, scope: Scope, owner: str, digits: int = 0) -> str:
        """An id that none of its kind has."""
        while True:
            name = "".join(secrets.choice(ID_ALPHABET) for _ in range(digits or kind.digits or DIGITS))
            if self.resources.get(kind.stored, scope, owner, name) is None:
                return name
