"""Types of columns that mean the same in every database."""

import sqlalchemy as sa


class _Escaped(sa.types.TypeDecorator[str]):
    """PostgreSQL's text has no NUL (https://www.postgresql.org/docs/current/datatype-character.html); a partition key
    may have one. Collation C is SQLite's order: that of the code points."""

    impl = sa.String(collation="C")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """The text as it is kept."""
        return None if value is None else value.replace("\x01", "\x01\x01").replace("\x00", "\x01\x02")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """The text as it was."""
        if value is None or "\x01" not in value:
            return value
        return "\x01".join(part.replace("\x01\x02", "\x00") for part in value.split("\x01\x01"))


WORDS = sa.String().with_variant(_Escaped(), "postgresql")
"""A name or another short text; what it may be is the services' affair, so it has no length here."""
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A primary key of its own: SQLite's rowid."""
