"""A PostgreSQL of the tests' own, from Debian's packages."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SUPERUSER = "lambent"
START_SECONDS = 30.0

Database = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of its socket. It refuses to run as root: `nobody` has it then."""
    if not PROGRAMS and os.environ.get("CI") != "true":
        pytest.skip("it needs PostgreSQL: apt-get install postgresql")
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="lambent-postgresql-") as folder:
        if user:
            os.chown(folder, *_ids("nobody"))
        data = f"{folder}/data"
        made = [PROGRAMS[-1] / "initdb", "-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--no-sync", "-D", data]
        subprocess.run(made, check=True, capture_output=True, cwd="/", **user)
        settings = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off")
        running = subprocess.Popen(
            [PROGRAMS[-1] / "postgres", "-D", data, *settings], cwd="/", stderr=subprocess.DEVNULL, **user
        )
        try:
            _wait(folder)
            yield folder
        finally:
            running.send_signal(2)  # SIGINT: sessions are ended
            running.wait(30)


def _ids(name: str) -> tuple[int, int]:
    import pwd

    found = pwd.getpwnam(name)
    return found.pw_uid, found.pw_gid


def _wait(folder: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=folder, user=SUPERUSER, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def database(postgresql: str) -> Database:
    """Makes an empty database and answers the URL that the setting takes."""
    numbers = count()

    def make() -> str:
        name = f"state{next(numbers)}"
        with psycopg.connect(host=postgresql, user=SUPERUSER, dbname="postgres", autocommit=True) as session:
            session.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{SUPERUSER}@/{name}?host={postgresql}"

    return make
