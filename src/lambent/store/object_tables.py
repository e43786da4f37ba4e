"""The tables of buckets' objects.

The latest version of a key has its lowest rank, so that the keys of a bucket in order are one walk along the primary
key. Keys are UTF-8 as bytes: that is the order in which S3 lists them, whatever a database thinks of text.
"""

import sqlalchemy as sa

from lambent.store.columns import NUMBER, WORDS
from lambent.store.schema import metadata

versions = sa.Table(
    "object_versions",
    metadata,
    sa.Column("bucket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.LargeBinary(1024), primary_key=True),
    sa.Column("rank", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", WORDS, nullable=False),
    sa.Column("marker", sa.Boolean, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("etag", WORDS, nullable=False),
    sa.Column("modified", sa.Double, nullable=False),
    sa.Column("listed", WORDS, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""A version of an object, or a delete marker. `content` is the list of its pieces: [number, start, length]; `listed` is
what lists tell of its document: storage class, checksum's algorithm and type, each after a bar."""

contents = sa.Table(
    "object_contents",
    metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=True),
)
"""What versions and parts consist of: bytes here, or (data is NULL) a file of that number. Without uses it goes."""
UNUSED_FILES = sa.text("uses <= 0 AND data IS NULL")
"""As a text: with a parameter SQLite would not know that the index is for it."""
sa.Index("object_contents_unused", contents.c.number, sqlite_where=UNUSED_FILES, postgresql_where=UNUSED_FILES)
"""A start asks for these few among all contents, whose bytes lie between them."""

uploads = sa.Table(
    "object_uploads",
    metadata,
    sa.Column("bucket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.LargeBinary(1024), primary_key=True),
    sa.Column("upload", WORDS, primary_key=True),
    sa.Column("initiated", sa.Double, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

parts = sa.Table(
    "object_parts",
    metadata,
    sa.Column("upload", WORDS, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("etag", WORDS, nullable=False),
    sa.Column("modified", sa.Double, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

notices = sa.Table(
    "object_notices",
    metadata,
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)
"""Messages of changed objects that are not at their destinations yet."""
