"""What a transaction changed of that which is read from memory: the notice for others that have it in theirs."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from lambent.model.scope import Scope

FunctionKey = tuple[Scope, str]
ResourceKey = tuple[str, Scope, str, str]
"""Kind, scope, parent, name."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Functions (with all their versions and tags) and resources that came, changed or went."""

    functions: tuple[FunctionKey, ...] = ()
    resources: tuple[ResourceKey, ...] = ()


Tell = Callable[[sa.Connection, Changed], None]
"""The port: called within the transaction, so that a notice goes exactly if the change is made (as PostgreSQL's NOTIFY
does). Who hears it calls `Store.heard`."""


def nobody(_connection: sa.Connection, _changed: Changed) -> None:
    """One server has the database: nobody else needs to know."""
