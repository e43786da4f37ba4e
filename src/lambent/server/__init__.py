"""The composition root: the only room that sees every room.

Parts are opened in the order in which they need one another and closed in the reverse of it, by one exit stack.
"""

from lambent.server.run import run

__all__ = ["run"]
