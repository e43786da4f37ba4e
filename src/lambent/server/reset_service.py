"""Emptying what a data folder keeps of one of AWS's services, and of no other."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from lambent.neighbour.holdings import Holdings
from lambent.neighbour.memory.files import Files
from lambent.settings import StartError
from lambent.store import archives, stream_records
from lambent.store import object_tables as objects
from lambent.store import queue_tables as queues
from lambent.store.errors import StoreError
from lambent.store.folders import remove
from lambent.store.lock import FolderLock
from lambent.store.place import Place
from lambent.store.schema import resources


@dataclass(frozen=True, slots=True)
class Part:
    """What a service that is answered here has: kinds of resources by how they begin, tables, names in the folder."""

    kinds: str
    tables: tuple[sa.Table, ...] = ()
    names: tuple[str, ...] = ()


HERE = {
    "s3": Part(
        "s3-",
        (objects.versions, objects.contents, objects.uploads, objects.parts, objects.notices),
        ("objects",),
    ),
    "sqs": Part("sqs-", (queues.messages, queues.contents, queues.deduplications)),
    "sns": Part("topic"),
    "events": Part("events-", (archives.table,)),
    "kinesis": Part("kinesis-", (stream_records.table,)),
    "ecr": Part("ecr-", (), ("registry",)),
    "cloudwatch": Part("cloudwatch/", (), ("metrics.db", "metrics.db-wal", "metrics.db-shm")),
}
"""botocore's names."""
BESIDE = {"iam": Part("iam-"), "iot": Part("iot-")}
"""What is kept here of services that are moto's."""


def reset_service(folder: Path, service: str) -> bool:
    """Remove what is kept of a service; whether there was anything. `service` is botocore's name.

    Raises StartError when a server runs on it, its state is in another database, or the service is none that can be
    emptied alone.
    """
    try:
        lock = FolderLock(folder)
    except StoreError as error:
        raise StartError(f"{error}: stop it first") from error
    try:
        Place(folder).check(None)
        if service in HERE:
            return _of_ours(folder, HERE[service])
        return _of_the_neighbour(folder, service)
    except (OSError, sqlite3.Error, StoreError) as error:
        raise StartError(f"{folder}: {service} can't be emptied: {error}") from error
    finally:
        lock.release()


def _of_ours(folder: Path, part: Part) -> bool:
    with closing(sqlite3.connect(folder / "state.db")) as database, database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        of_kind = f"DELETE FROM {resources.name} WHERE substr({resources.c.kind.name}, 1, ?) = ?"  # noqa: S608 (ours)
        found = database.execute(of_kind, (len(part.kinds), part.kinds)).rowcount > 0
        for name in there.intersection(table.name for table in part.tables):
            found |= database.execute(f"DELETE FROM {name}").rowcount > 0  # noqa: S608 (a name of ours)
    for name in part.names:
        found |= (folder / name).exists()
        remove(folder / name)
    return found


def _of_the_neighbour(folder: Path, service: str) -> bool:
    """moto's file of that name, and what DynamoDB Local keeps. Raises StartError for a service that has none, as those
    that go by functions."""
    files, holdings = Files(folder / "neighbour"), Holdings(folder / "neighbour.json")
    known = {one.partition("/")[0] for one in (*holdings.held, *holdings.lost)}
    local = folder / "dynamodb"
    ours = service in BESIDE and _of_ours(folder, BESIDE[service])
    if service == "dynamodb" and local.is_dir():
        remove(local)
    elif not ours and service not in known and service not in files.names():
        emptied = ", ".join(sorted({*HERE, *known}))
        raise StartError(f"nothing is kept of {service} that can be emptied alone; these can: {emptied}")
    files.remove(service)
    holdings.drop(service)
    return True
