"""Which calls print or log."""

import ast

from lambent.pitfalls.facts.python import chain

LOGGERS = {"debug", "info", "warning", "warn", "error", "critical", "exception", "log"}


def logs(node: ast.Call) -> bool:
    """Whether a call prints or logs."""
    name = chain(node.func)
    owner, _, method = name.rpartition(".")
    return name in ("print", "pprint", "pprint.pprint") or (method in LOGGERS and "log" in owner.lower())
