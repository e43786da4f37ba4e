"""The registry of images: ECR's operations, the door that docker and its like push to, and what functions run of it."""

import functools
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambent.gateway.exchange import Here
from lambent.model.scope import Caller, Scope
from lambent.server.base import REAL, Base, Doors, new_id
from lambent.server.here import here
from lambent.server.running import Running
from lambent.services.ecr.door.door import Registry
from lambent.services.ecr.env import LAYER, EcrEnv
from lambent.services.ecr.lifecycle import Expiry
from lambent.services.ecr.manifests import hex_of
from lambent.services.ecr.pulling import Own
from lambent.services.ecr.service import SERVICE
from lambent.services.ecr.tokens import Tokens
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreError
from lambent.store.image_blobs import ImageBlobs
from lambent.store.open import Store
from lambent.store.resources import Resource
from lambent.wire import service
from lambent.wire.http import Request

KIND = "ecr-secret"


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """The service and its door."""

    here: dict[str, Here]
    door: Registry


async def open_registry(settings: Settings, store: Store, base: Base, running: Running) -> OpenRegistry:
    """Images of the registry can be run from now on. Raises StartError."""
    try:
        blobs = ImageBlobs(settings.data_dir / "registry", REAL.monotonic)
        used = {hex_of(one.name) for one in store.resources.of_kind(LAYER)}
        await blobs.sweep(used.__contains__)
        tokens = Tokens(await _secret(store), base.clock.wall)
    except StoreError as error:
        raise StartError(f"the registry of images can't be read: {error}") from error
    address = urlsplit(base.url).netloc
    may = functools.partial(_may, running.doors)
    env = EcrEnv(
        store.resources, blobs, tokens, address, base.clock.wall, new_id, may, lambda: expiry.arm()  # noqa: PLW0108 - it is made next
    )  # fmt: skip
    expiry = Expiry(env, base.clock, base.background.spawn)
    expiry.arm()
    store.images.own = Own(env)
    return OpenRegistry(here(SERVICE, env), Registry(env, running.credentials.held, new_id))


async def _secret(store: Store) -> bytes:
    """What passwords are proved with, as long as the state lasts."""
    found = store.resources.get(KIND, Scope(), "", "")
    if found is None:
        found = Resource(KIND, Scope(), "", "", new_id(), {"secret": secrets.token_hex(32)})
        await store.resources.put(found)
    return bytes.fromhex(found.document["secret"])


async def _may(doors: Doors, caller: Caller, operation: str, params: dict[str, Any]) -> None:
    """Whether somebody may do by the registry what an operation does. Raises Fault."""
    model = service.load(SERVICE.name)
    await doors.gateway.check(Request("POST", "/"), caller, model, operation, params)
