"""The store as a whole: open a data folder, get everything that lasts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambent.model.limits import AWS_2026, Limits
from lambent.store.blobs import Blobs
from lambent.store.database import Database, open_database
from lambent.store.functions import Functions
from lambent.store.images import Images
from lambent.store.layers import Layers
from lambent.store.lock import FolderLock
from lambent.store.queues import QueueStore
from lambent.store.resources import Resources


@dataclass(frozen=True, slots=True)
class Store:
    """What lasts. `database` is for rooms with tables of their own."""

    functions: Functions
    resources: Resources
    blobs: Blobs
    layers: Layers
    images: Images
    queues: QueueStore
    database: Database
    lock: FolderLock

    async def close(self) -> None:
        """Finish the writes under way and give the data folder back."""
        try:
            await self.database.close()
        finally:
            self.lock.release()


async def open_store(
    data_dir: Path,
    url: str | None = None,
    limits: Limits = AWS_2026,
    logins: Callable[[str], str] = lambda _host: "",
) -> Store:
    """Open a data folder, made if it is not there; `url` is an SQLAlchemy URL for the state, `logins` see `Images`.

    Raises StoreInUse when a server runs on the folder, StoreTooNew, StoreLocked, StoreError.
    """
    lock = FolderLock(data_dir)
    try:
        blobs = Blobs(data_dir / "blobs", limits.zip_unzipped)
        layers = Layers(data_dir / "layers", blobs)
        images = Images(data_dir / "images", logins)
        database = await open_database(url or f"sqlite:///{data_dir / 'state.db'}")
    except BaseException:
        lock.release()
        raise
    resources = Resources(database)
    functions = Functions(database, resources)
    try:
        await resources.load()
        await functions.load()
    except BaseException:
        await database.close()
        lock.release()
        raise
    return Store(functions, resources, blobs, layers, images, QueueStore(database), database, lock)


async def sweep(store: Store, in_use: Callable[[str], bool] = lambda _digest: False) -> list[str]:
    """Remove packages that no record, no resource and no environment (`in_use`) refers to; returns their digests."""
    await store.images.sweep({record.configuration["CodeSha256"] for record in store.functions if record.image})
    await store.layers.sweep({record.layers for record in store.functions if len(record.layers) > 1})

    def used(digest: str) -> bool:
        return bool(store.functions.uses(digest) or store.resources.uses(digest)) or in_use(digest)

    return await store.blobs.sweep(used)
