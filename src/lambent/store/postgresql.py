"""A PostgreSQL as the place of the state. One server at a time has it, and the database itself sees to that.

The session that writes holds an advisory lock, so that nothing is written without it: a session that is lost takes the
lock along, and the next one has to get it. Whether another server wrote in between is told by who signed last.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from lambent.store import schema
from lambent.store.errors import StoreTaken

LOCK = int.from_bytes(b"lambent", "big")
SIGNED = "server"
"""The row of `settings` that names the server which has the database."""
_SESSION = (
    # What was acknowledged survives a crash of the database, too, whatever the role's defaults are.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    # A server whose machine is gone lets go in about a minute.
    "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false)",
)


class Claim:
    """One server's hold on a database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Make every new session of `engine` take the lock: StoreTaken is raised where it doesn't get it."""
        self._me = uuid.uuid4().hex
        self._is_signed = False
        sa.event.listen(engine, "connect", self._began)

    def sign(self, connection: sa.Connection) -> None:
        """From now on a new session looks whether another server has been here. In the transaction that prepares."""
        table = schema.settings
        connection.execute(table.delete().where(table.c.name == SIGNED))
        connection.execute(table.insert().values(name=SIGNED, value=self._me))
        self._is_signed = True

    def _began(self, connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        try:
            self._take(cursor)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        cursor.close()

    def _take(self, cursor: sa.engine.interfaces.DBAPICursor) -> None:
        for statement in _SESSION:
            cursor.execute(statement)
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
        if cursor.fetchone() != (True,):
            raise StoreTaken("another lambent uses the database: stop it")
        if self._is_signed:
            cursor.execute("SELECT value FROM settings WHERE name = %s", (SIGNED,))
            if cursor.fetchone() != (self._me,):
                raise StoreTaken("another lambent has used the database meanwhile: start this one again")
