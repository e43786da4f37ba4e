"""Where a data folder's state is: in a file of the folder, or in a database of which the folder keeps the name.

Packages, layers and logs are in the folder all the same. They are swept by what the state refers to, so a folder is
never opened with another state than its own.
"""

from pathlib import Path

import sqlalchemy as sa

from lambent.store.errors import StoreElsewhere, from_os

MARK = "database"
"""The file that names the database, without who logs in or how."""


class Place:
    """The state's place of one folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "state.db"
        self._mark = folder / MARK
        self.own = f"sqlite:///{self._file}"

    def check(self, url: str | None) -> None:
        """Raises StoreElsewhere when the folder's state is elsewhere than at `url` (None: in its file)."""
        marked = self._marked()
        if url is None and marked:
            raise StoreElsewhere(f"its state is in {marked}: say so with the setting database, {_ELSE}")
        if url is not None and marked and marked != named(url):
            raise StoreElsewhere(f"its state is in {marked}, not in {named(url)}: {_ELSE}")
        if url is not None and not marked and self._file.exists():
            raise StoreElsewhere(f"its state is in {self._file.name}: leave the setting database out, {_ELSE}")

    def mark(self, url: str | None) -> None:
        """Write down where the state is."""
        if url is not None and self._marked() != named(url):
            self._mark.write_text(named(url) + "\n")

    def _marked(self) -> str:
        try:
            return self._mark.read_text().strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise from_os(error) from error


_ELSE = "or choose another folder with --data-dir"


def named(url: str) -> str:
    """A database by its name and host: no user, no password, no options."""
    found = sa.make_url(url)
    host = found.host or found.query.get("host", "")
    port = f":{found.port}" if found.port else ""
    return f"{found.get_backend_name()}://{host}{port}/{found.database or ''}"
