"""The tables of queues' messages.

What changes with every receive is apart from what a message says, so that a receive never writes a body anew.
"""

import sqlalchemy as sa

from lambent.store.columns import NUMBER, WORDS
from lambent.store.schema import metadata

messages = sa.Table(
    "queue_messages",
    metadata,
    sa.Column("queue", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sent", sa.Double, nullable=False),
    sa.Column("visible", sa.Double, nullable=False),
    sa.Column("receives", sa.Integer, nullable=False),
    sa.Column("first", sa.Double, nullable=False),
    sa.Column("taken", sa.Double, nullable=False),
    sa.Column("message_group", WORDS, nullable=False),
    sqlite_with_rowid=False,
)

contents = sa.Table(
    "queue_contents",
    metadata,
    sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)

deduplications = sa.Table(
    "queue_deduplications",
    metadata,
    sa.Column("queue", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("message", WORDS, nullable=False),
    sa.Column("accepted", sa.Double, nullable=False),
    sqlite_with_rowid=False,
)
"""What a FIFO queue has accepted of late: the message `seq` with the id `message`, under a key, at a time."""
