"""A registry over a data folder, and what docker would send to it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lambent.ids import new_uuid
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.services.ecr.door.door import Registry
from lambent.services.ecr.env import EcrEnv
from lambent.services.ecr.operations import OPERATIONS
from lambent.services.ecr.tokens import Tokens
from lambent.store.image_blobs import ImageBlobs
from lambent.store.open import open_store
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from tests.unit.store.image_kit import Layout

HOST = "127.0.0.1:4566"
OTHER = Scope("111111111111", "eu-west-1")


class Kit:
    """`time` is what the clocks show; `denied` are the operations that nobody may do."""

    def __init__(self, env: EcrEnv, folder: Path) -> None:
        self.env, self.folder = env, folder
        self.time = 1_000_000.0
        self.held: dict[str, Held] = {}
        self.registry = Registry(env, self.held.get, new_uuid)
        self.denied: set[str] = set()

    async def ask(self, operation: str, scope: Scope = Scope(), **params: Any) -> dict[str, Any]:  # noqa: B008
        """One of ECR's operations."""
        return await OPERATIONS[operation](self.env, Caller(scope, "r", scope.account), params)

    async def login(self, scope: Scope = Scope(), key: str = "", held: Held | None = None) -> str:  # noqa: B008
        """The header that shows a password."""
        caller = Caller(scope, "r", key or scope.account, held=held)
        said = await OPERATIONS["GetAuthorizationToken"](self.env, caller, {})
        return f"Basic {said['authorizationData'][0]['authorizationToken']}"

    async def send(
        self, method: str, path: str, body: bytes = b"", login: str | None = None, **headers: str
    ) -> Response:
        """A request of docker's; `login` "" is none."""
        shown = await self.login() if login is None else login
        named = {name.replace("_", "-"): one for name, one in headers.items()}
        path, _, query = path.partition("?")
        lines = {"host": HOST, **({"authorization": shown} if shown else {}), **named}
        return await self.registry(Request(method, path, query, lines, body))

    async def push(self, name: str, image: Layout, tag: str) -> Response:
        """All of an image."""
        for digest, data in image.blobs.items():
            if digest != image.manifest:
                made = await self.send("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", data)
                assert made.status == 201, made.body
        return await self.send("PUT", f"/v2/{name}/manifests/{tag}", image.blobs[image.manifest])

    def files(self) -> set[str]:
        """What lies in the registry's folder."""
        return {one.name for one in (self.folder / "registry").iterdir()}


def with_kit(folder: Path, test: Callable[[Kit], Awaitable[None]]) -> None:
    """Run a test with a registry over `folder`, whose repository `app` is there."""

    async def main() -> None:
        store = await open_store(folder)
        try:
            kit = open_kit(store.resources, folder)
            if not (await kit.ask("DescribeRepositories"))["repositories"]:
                await kit.ask("CreateRepository", repositoryName="app")
            await test(kit)
        finally:
            await store.close()

    asyncio.run(main())


def open_kit(resources: Any, folder: Path) -> Kit:
    async def may(_caller: Caller, operation: str, _params: dict[str, Any]) -> None:
        if operation in kit.denied:
            raise Fault("AccessDeniedException", f"not authorized to perform: ecr:{operation}")

    blobs = ImageBlobs(folder / "registry", lambda: kit.time)
    tokens = Tokens(b"secret", lambda: kit.time)
    env = EcrEnv(resources, blobs, tokens, HOST, lambda: kit.time, new_uuid, may)
    kit = Kit(env, folder)
    return kit


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
