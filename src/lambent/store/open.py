"""The store as a whole: open a data folder, get everything that lasts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambent.model.limits import AWS_2026, Limits
from lambent.store.blobs import Blobs
from lambent.store.changes import Changed
from lambent.store.database import Database, open_database
from lambent.store.errors import StoreBroken
from lambent.store.functions import Functions
from lambent.store.images import Images, Sources
from lambent.store.layers import Layers
from lambent.store.lock import FolderLock
from lambent.store.objects import ObjectStore
from lambent.store.place import Place
from lambent.store.queues import QueueStore
from lambent.store.reserve import Reserve
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
    objects: ObjectStore
    database: Database
    lock: FolderLock
    reserve: Reserve | None = None

    async def heard(self, changed: Changed) -> None:
        """Bring into memory what another server has changed. Raises StoreError."""
        await self.functions.reread(changed)

    def started(self) -> None:
        """All that makes files at the start has made them."""
        if self.reserve is not None:
            self.reserve.started()

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
    sources: Sources | None = None,
) -> Store:
    """Open a data folder, made if it is not there; `url` is an SQLAlchemy URL for the state (None: a file in the
    folder), `sources` those of images.

    Raises StoreInUse when a server runs on the folder, StoreTooNew, StoreTooOld, StoreLocked, StoreError.
    """
    lock = FolderLock(data_dir)
    try:
        blobs = Blobs(data_dir / "blobs", limits.zip_unzipped)
        layers = Layers(data_dir / "layers", blobs)
        images = Images(data_dir / "images", sources)
        place = Place(data_dir)
        place.check(url)
        reserve = None if url else Reserve(data_dir)
        database = await open_database(url or place.own, reserve)
        place.mark(url)
    except BaseException:
        lock.release()
        raise
    resources = Resources(database)
    functions = Functions(database, resources)
    try:
        await _load(resources, functions)
    except BaseException:
        await database.close()
        lock.release()
        raise
    queues, objects = QueueStore(database), ObjectStore(database)
    return Store(functions, resources, blobs, layers, images, queues, objects, database, lock, reserve)


async def _load(resources: Resources, functions: Functions) -> None:
    try:
        await resources.load()
        await functions.load()
    except (ValueError, KeyError, TypeError) as error:  # what JSON, or a record made of it, says
        raise StoreBroken(f"a record of its state can't be read ({type(error).__name__}: {error})") from error


def watch(store: Store, unused: Callable[[], None]) -> None:
    """Call `unused` when something may have lost its last reference."""
    store.functions.unused = store.resources.unused = unused
    for room in (store.blobs, store.layers, store.images):
        room.held.unused = unused


async def sweep(store: Store, in_use: Callable[[str], bool] = lambda _digest: False) -> list[str]:
    """Remove packages that no record, no resource and no environment (`in_use`) refers to; returns their digests."""
    await store.images.sweep({record.configuration["CodeSha256"] for record in store.functions if record.image})
    await store.layers.sweep({record.layers for record in store.functions if len(record.layers) > 1})

    def used(digest: str) -> bool:
        return bool(store.functions.uses(digest) or store.resources.uses(digest)) or in_use(digest)

    return await store.blobs.sweep(used)
