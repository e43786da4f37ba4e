"""One thread that changes the database, so that the event loop never waits for a disk, and one that reads it.

Every transaction runs in the first, in the order asked for. What a transaction changes in memory is applied
on the event loop after the commit, also when the asker was cancelled meanwhile: memory never lags the disk.
"""

import asyncio
import functools
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from lambent.store import schema
from lambent.store.changes import Changed, Tell, nobody
from lambent.store.errors import StoreBroken, StoreError, StoreFull, StoreLocked, from_database, from_os
from lambent.store.postgresql import Claim
from lambent.store.reserve import Reserve

T = TypeVar("T")

BUSY_SECONDS = 5.0
FULL, NORMAL = "FULL", "NORMAL"
"""Whether a commit waits for the disk itself (https://www.sqlite.org/pragma.html#pragma_synchronous, in WAL mode)."""


def _engine(url: str, busy: float) -> sa.Engine:
    """One session for the thread that changes, another for the one that reads. SQLite waits `busy` seconds."""
    if sa.make_url(url).get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", functools.partial(_configure_sqlite, busy))
    return engine


def _configure_sqlite(busy: float, connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(busy * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA synchronous = {FULL}")
    cursor.close()


class _Session:
    """A thread's connection. SQLite's is kept as it is from one transaction to the next, with the pages that it has
    read: taking one from a pool and giving it back takes longer than a small transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kept: sa.Connection | None = None
        self._synchronous = FULL
        self._keeps = engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self, *, light: bool = False) -> Iterator[sa.Connection]:
        """A transaction in the thread that calls."""
        if not self._keeps:
            with self._engine.begin() as connection:
                yield connection
            return
        if self._kept is None:
            self._kept, self._synchronous = self._engine.connect(), FULL
        self._wait_for_disk(self._kept, NORMAL if light else FULL)
        with self._kept.begin():
            yield self._kept

    def _wait_for_disk(self, connection: sa.Connection, synchronous: str) -> None:
        if synchronous != self._synchronous:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.cursor().execute(f"PRAGMA synchronous = {synchronous}")
            self._synchronous = synchronous

    def close(self) -> None:
        """Let go of it, in its thread."""
        if self._kept is not None:
            self._kept.close()
        self._engine.dispose()


class Database:
    """Transactions on an SQLAlchemy URL. Make it with `open_database`, end it with `close`."""

    def __init__(self, url: str, reserve: Reserve | None = None, busy: float = BUSY_SECONDS) -> None:
        self._reserve = reserve
        engine = _engine(url, busy)
        self.claim = Claim(engine) if engine.dialect.name == "postgresql" else None
        self.tell: Tell = nobody
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lambent-store")
        self._writing = _Session(engine)
        self._reader, self._reading = self._thread, self._writing
        if not _is_in_memory(engine.url):
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="lambent-store-reader")
            self._reading = _Session(_engine(url, busy))

    async def run(
        self,
        work: Callable[[sa.Connection], T],
        then: Callable[[T], None] | None = None,
        *,
        light: bool = False,
        frees: bool = False,
    ) -> T:
        """Run `work` in one transaction; after its commit call `then(result)` on the event loop.

        A `light` one survives the end of this process in any way, but a power cut only when one that is not was
        committed after it, and costs no wait for the disk. One that `frees` may take a little room for it on a full
        disk, where `work` is called once more. Raises StoreError; `work` may raise its own.
        """
        return await self._submit(self._thread, lambda: self._write(work, light=light, frees=frees), then)

    async def change(
        self,
        work: Callable[[sa.Connection], None],
        then: Callable[[None], None],
        changed: Changed,
        *,
        light: bool = False,
        frees: bool = False,
    ) -> None:
        """As `run`, for what is read from memory: whoever else has it there is told what changed."""

        def told(connection: sa.Connection) -> None:
            work(connection)
            self.tell(connection, changed)

        await self.run(told, then, light=light, frees=frees)

    async def look(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` finds, which changes nothing: it waits for no transaction, and sees all that were acknowledged.

        Raises StoreError; `work` may raise its own.
        """
        return await self._submit(self._reader, lambda: _transact(self._reading, work), None)

    def _write(self, work: Callable[[sa.Connection], T], *, light: bool, frees: bool) -> T:
        reserve = self._reserve
        if reserve is None:
            return _transact(self._writing, work, light=light)
        small = work if frees else _no_larger(work)
        try:
            return _transact(self._writing, work if reserve.take() else small, light=light)
        except _LargerError:
            raise
        except StoreFull:
            reserve.give_up()
            try:
                _transact(self._writing, _carry_over)
                return _transact(self._writing, small, light=light)
            finally:
                reserve.take()

    async def _submit(self, thread: ThreadPoolExecutor, work: Callable[[], T], then: Callable[[T], None] | None) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(result: T) -> None:
            if then is not None:
                then(result)
            if not done.done():
                done.set_result(result)

        def refuse(error: BaseException) -> None:
            if not done.done():
                done.set_exception(error)

        def job() -> None:
            try:
                result = work()
            except BaseException as error:
                loop.call_soon_threadsafe(refuse, error)
            else:
                loop.call_soon_threadsafe(settle, result)

        try:
            thread.submit(job)
        except RuntimeError as error:
            raise StoreBroken("the store is closed") from error
        return await done

    async def close(self) -> None:
        """Finish what was asked for, then let go of the database."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._reader, int if self._reading is self._writing else self._reading.close)
            await loop.run_in_executor(self._thread, self._writing.close)
        finally:
            if self._reserve is not None:
                self._reserve.take()  # what SQLite's log had is free now
                self._reserve.close()
            self._reader.shutdown(wait=False)
            self._thread.shutdown(wait=False)


def _transact(session: _Session, work: Callable[[sa.Connection], T], *, light: bool = False) -> T:
    try:
        with session.begin(light=light) as connection:
            return work(connection)
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        raise from_database(error) from error
    except OSError as error:
        raise from_os(error) from error


class _LargerError(StoreFull):
    """A transaction needs more room than the database's file has."""


def _no_larger(work: Callable[[sa.Connection], T]) -> Callable[[sa.Connection], T]:
    """`work`, which may use what is free in the database's file, and no more of the disk."""

    def held(connection: sa.Connection) -> T:
        before = _pages(connection)
        result = work(connection)
        if _pages(connection) > before:
            raise _LargerError("what is left is kept for what frees room")
        return result

    return held


def _pages(connection: sa.Connection) -> int:
    found: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return found


def _carry_over(connection: sa.Connection) -> None:
    """What is in SQLite's log goes to its place, so that the log's room is used once more."""
    connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)").all()


def _is_in_memory(url: sa.URL) -> bool:
    """Whether each thread would have a database of its own."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


async def open_database(url: str, reserve: Reserve | None = None, busy: float = BUSY_SECONDS) -> Database:
    """Open, and make or check the tables; `reserve` is that of the disk where SQLite's file lies, and ends with the
    database; for other processes SQLite waits `busy` seconds. Raises StoreError."""
    try:
        database = Database(url, reserve, busy)
    except ImportError as error:
        raise StoreBroken(f"{error}: install lambent[{sa.make_url(url).get_backend_name()}]") from error
    except exc.SQLAlchemyError as error:
        raise StoreBroken(f"can't open {sa.make_url(url).render_as_string()}: {error}") from error
    try:
        await database.run(lambda connection: _prepare(connection, database.claim))
    except StoreError as error:
        await database.close()
        if isinstance(error, StoreLocked):
            raise StoreLocked(f"{error}: is another process using the database?") from error
        raise
    return database


def _prepare(connection: sa.Connection, claim: Claim | None) -> None:
    schema.prepare(connection)
    if claim is not None:
        claim.sign(connection)
