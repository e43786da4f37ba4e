"""What the operations work with, and how what they keep is found.

A repository is a document; each of its images (by digest), tags and blobs is one of its own, whose parent it is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.ecr import faults
from lambent.services.ecr.tokens import Tokens
from lambent.store.image_blobs import ImageBlobs
from lambent.store.resources import Resource, Resources

REPOSITORY, IMAGE, TAG, LAYER = "ecr-repository", "ecr-image", "ecr-tag", "ecr-layer"

May = Callable[[Caller, str, dict[str, Any]], Awaitable[None]]
"""Whether somebody may do what an operation does. Raises Fault."""


async def anybody_may(_caller: Caller, _operation: str, _params: dict[str, Any]) -> None:
    """Nobody is refused."""


@dataclass(frozen=True, slots=True)
class EcrEnv:
    """The ports of ECR's operations. `host` is the address (with port) at which images are pushed and pulled; `wall`
    the platform's clock; `armed` is told of each lifecycle policy; `changing` is held by whoever makes a blob part of a
    repository or takes it out of one."""

    resources: Resources
    blobs: ImageBlobs
    tokens: Tokens
    host: str
    wall: Callable[[], float]
    new_id: Callable[[], str]
    may: May = anybody_may
    armed: Callable[[], None] = lambda: None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def now(self) -> float:
        """Seconds since 1970, as times are written and answered."""
        return round(self.wall(), 3)

    @property
    def changing(self) -> AbstractAsyncContextManager[object]:
        """See the class."""
        return self.lock

    def repository(self, caller: Caller, params: dict[str, Any]) -> Resource:
        """The repository that a request names. Raises RepositoryNotFoundException."""
        name = params["repositoryName"]
        return self.named(registry(caller, params), name)

    def named(self, scope: Scope, name: str) -> Resource:
        """The repository of that name. Raises RepositoryNotFoundException."""
        found = self.resources.get(REPOSITORY, scope, "", name)
        if found is None:
            raise faults.no_repository(name, scope.account)
        return found

    async def change(self, old: Resource, **said: Any) -> Resource:
        """Write a repository down with other settings; None removes one."""
        document = {key: one for key, one in {**old.document, **said}.items() if one is not None}
        new = old.changed(self.new_id(), document)
        await self.resources.replace(old, new)
        return new

    def made(self, kind: str, repository: Resource, name: str, document: dict[str, Any]) -> Resource:
        """A document that belongs to a repository."""
        return Resource(kind, repository.scope, repository.name, name, self.new_id(), document)

    def has_layer(self, repository: Resource, digest: str) -> bool:
        """Whether a repository has a blob (`sha256:…`)."""
        return self.resources.get(LAYER, repository.scope, repository.name, digest) is not None


def registry(caller: Caller, params: dict[str, Any]) -> Scope:
    """The registry that a request names: the caller's own. Raises Fault for another account's."""
    named = params.get("registryId") or caller.scope.account
    if named != caller.scope.account:
        raise faults.unsupported(f"the registry of another account ({named})")
    return caller.scope


def arn(repository: Resource) -> str:
    """A repository's ARN."""
    scope = repository.scope
    return f"arn:aws:ecr:{scope.region}:{scope.account}:repository/{repository.name}"
