"""What a stage serves: the snapshot of its deployment, read once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.http_events.rest_routes import Routes
from lambent.model.scope import Scope
from lambent.services.apigateway.deployments import SNAPSHOT
from lambent.services.apigateway.kinds import BASE_PATH_MAPPING, DEPLOYMENT, DOMAIN_NAME, REST_API, STAGE
from lambent.store.resources import Resource, Resources

Document = Mapping[str, Any]
BOUND = 256
"""Deployments that are kept read."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One snapshot."""

    scope: Scope
    api_id: str
    id: str
    api: Document
    routes: Routes
    authorizers: Mapping[str, Document]
    models: Mapping[str, Document]
    validators: Mapping[str, Document]
    responses: Mapping[str, Document]

    @property
    def binary_types(self) -> list[str]:
        """The API's binary media types."""
        return list(self.api.get("binaryMediaTypes") or ())


def read(scope: Scope, api_id: str, deployment: str, snapshot: Document) -> Deployed:
    """A snapshot for serving."""
    return Deployed(
        scope,
        api_id,
        deployment,
        snapshot["api"],
        Routes(snapshot["resources"].values()),
        snapshot["authorizers"],
        snapshot["models"],
        snapshot["validators"],
        snapshot["gatewayResponses"],
    )


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the API's stage, the raw path behind it, and what stood before that."""

    api: Resource
    stage: Resource
    path: str
    prefix: str
    custom: bool = False


class Apis:
    """Finds what is deployed."""

    def __init__(self, resources: Resources, tell: Callable[[Target, Document], None] = lambda *_: None) -> None:
        """`tell` hears of every snapshot when it is first served."""
        self._resources = resources
        self._tell = tell
        self._read: dict[tuple[Scope, str, str], Deployed] = {}

    def knows(self, api_id: str) -> Resource | None:
        """The REST API of an id, in any account and region."""
        return self._resources.anywhere(REST_API.stored, "", api_id)

    def domain(self, name: str) -> Resource | None:
        """The domain name that a host is, or falls under (`*.example.com`)."""
        star = f"*.{name.partition('.')[2]}"
        found = self._resources.anywhere(DOMAIN_NAME.stored, "", name)
        return found or self._resources.anywhere(DOMAIN_NAME.stored, "", star)

    def by_stage(self, api: Resource, path: str) -> Target | None:
        """The stage that a path begins with."""
        name, _, rest = path.lstrip("/").partition("/")
        stage = self._resources.get(STAGE.stored, api.scope, api.name, name)
        return None if stage is None else Target(api, stage, f"/{rest}", f"/{name}")

    def by_domain(self, domain: Resource, path: str) -> Target | None:
        """What the base path of a domain name leads to: a mapping of that path, else the one without a path."""
        mappings = {
            one.name: one for one in self._resources.children(BASE_PATH_MAPPING.stored, domain.scope, domain.name)
        }
        first, _, rest = path.lstrip("/").partition("/")
        mapping, base, behind = mappings.get(first), f"/{first}", f"/{rest}"
        if mapping is None or not first:
            mapping, base, behind = mappings.get("(none)"), "", path
        api = mapping and self._resources.get(REST_API.stored, domain.scope, "", mapping.document["restApiId"])
        if mapping is None or api is None:
            return None
        name = mapping.document.get("stage")
        if not name:
            name, _, rest = behind.lstrip("/").partition("/")
            base, behind = f"{base}/{name}", f"/{rest}"
        stage = self._resources.get(STAGE.stored, api.scope, api.name, name)
        return None if stage is None else Target(api, stage, behind, base, custom=True)

    def deployed(self, target: Target, deployment: str) -> Deployed | None:
        """The snapshot of a deployment."""
        scope, api_id = target.api.scope, target.api.name
        found = self._read.get((scope, api_id, deployment))
        if found is None:
            stored = self._resources.get(DEPLOYMENT.stored, scope, api_id, deployment)
            if stored is None:
                return None
            if len(self._read) >= BOUND:
                self._read.clear()
            found = read(scope, api_id, deployment, stored.document[SNAPSHOT])
            self._tell(target, stored.document[SNAPSHOT])
            self._read[scope, api_id, deployment] = found
        return found
