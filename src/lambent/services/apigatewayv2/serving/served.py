"""What a stage serves: the snapshot of its deployment, read once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.http_events.http_routes import Routes
from lambent.model import api_kinds
from lambent.model.scope import Scope
from lambent.store.resources import Resource, Resources

Document = Mapping[str, Any]
BOUND = 256
"""Deployments that are kept read."""
DEFAULT_STAGE = "$default"


@dataclass(frozen=True, slots=True)
class Served:
    """One snapshot. `routes` are those of an HTTP API, `by_key` a WebSocket API's."""

    scope: Scope
    api_id: str
    deployment: str
    api: Document
    routes: Routes
    by_key: Mapping[str, Document]
    integrations: Mapping[str, Document]
    authorizers: Mapping[str, Document]
    models: Mapping[str, Document]

    def integration_of(self, route: Document) -> Document | None:
        """What a route leads to."""
        return self.integrations.get(str(route.get("Target") or "").partition("/")[2])

    @property
    def arn(self) -> str:
        """The API as permissions of functions and policies name it."""
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.api_id}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: a stage, the raw path behind it, and what a custom domain's mapping took of the path."""

    api: Resource
    stage: Resource
    path: str
    mapping: str = ""
    custom: bool = False


class Apis:
    """Finds what is deployed."""

    def __init__(self, resources: Resources, tell: Callable[[Served], None] = lambda _served: None) -> None:
        """`tell` hears of every snapshot when it is first served."""
        self._resources = resources
        self._tell = tell
        self._read: dict[tuple[Scope, str, str], Served] = {}

    def knows(self, api_id: str) -> Resource | None:
        """The API of an id, in any account and region."""
        return self._resources.anywhere(api_kinds.API, "", api_id)

    def domain(self, name: str) -> Resource | None:
        """The domain name that a host is, or falls under (`*.example.com`)."""
        star = f"*.{name.partition('.')[2]}"
        found = self._resources.anywhere(api_kinds.DOMAIN_NAME, "", name)
        return found or self._resources.anywhere(api_kinds.DOMAIN_NAME, "", star)

    def by_path(self, api: Resource, path: str) -> Target | None:
        """The stage that the path begins with, else `$default`."""
        name, _, rest = path.removeprefix("/").partition("/")
        named = self._stage(api, name) if name else None
        if named is not None:
            return Target(api, named, f"/{rest}")
        found = self._stage(api, DEFAULT_STAGE)
        return Target(api, found, path) if found is not None else None

    def by_domain(self, domain: Resource, path: str) -> Target | None:
        """What the longest mapping of a domain name that a path begins with leads to."""
        found: tuple[str, Document] | None = None
        for one in self._resources.children(api_kinds.API_MAPPING, domain.scope, domain.name):
            base = f"/{one.document['ApiMappingKey']}" if one.document["ApiMappingKey"] else ""
            fits = path == base or path.startswith(f"{base}/")
            if fits and (found is None or len(base) > len(found[0])):
                found = base, one.document
        if found is None:
            return None
        base, mapping = found
        api = self._resources.get(api_kinds.API, domain.scope, "", mapping["ApiId"])
        stage = self._stage(api, mapping["Stage"]) if api is not None else None
        if api is None or stage is None:
            return None
        return Target(api, stage, path[len(base) :] or "/", base, custom=True)

    def fresh(self, target: Target) -> Target | None:
        """The same place, with the stage as it is by now; None when it is gone."""
        stage = self._stage(target.api, target.stage.name)
        return None if stage is None else replace(target, stage=stage)

    def _stage(self, api: Resource, name: str) -> Resource | None:
        return self._resources.get(api_kinds.STAGE, api.scope, api.name, name)

    def served(self, target: Target) -> Served | None:
        """What the stage serves, None when nothing is deployed there."""
        scope, api_id = target.api.scope, target.api.name
        deployment = str(target.stage.document.get("DeploymentId") or "")
        found = self._read.get((scope, api_id, deployment))
        if found is None:
            stored = self._resources.get(api_kinds.DEPLOYMENT, scope, api_id, deployment)
            if stored is None:
                return None
            if len(self._read) >= BOUND:
                self._read.clear()
            found = _read(scope, api_id, deployment, stored.document[api_kinds.SNAPSHOT])
            self._read[scope, api_id, deployment] = found
            self._tell(found)
        return found


def _read(scope: Scope, api_id: str, deployment: str, snapshot: Document) -> Served:
    api, routes = snapshot["Api"], snapshot["Routes"].values()
    http = api["ProtocolType"] == "HTTP"
    return Served(
        scope,
        api_id,
        deployment,
        api,
        Routes(routes if http else ()),
        {route["RouteKey"]: route for route in routes},
        snapshot["Integrations"],
        snapshot["Authorizers"],
        snapshot.get("Models") or {},
    )
