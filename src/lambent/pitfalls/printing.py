"""Which calls print or log."""

import ast

from lambent.pitfalls.facts.python import Reached, above, chain

LOGGERS = {"debug", "info", "warning", "warn", "error", "critical", "exception", "log"}


def logs(node: ast.Call) -> bool:
    """Whether a call prints or logs."""
    name = chain(node.func)
    owner, _, method = name.rpartition(".")
    return name in ("print", "pprint", "pprint.pprint") or (method in LOGGERS and "log" in owner.lower())


def said(node: ast.AST, one: Reached) -> bool:
    """Whether an expression only stands in a line of the log."""
    return any(isinstance(part, ast.Call) and logs(part) for part in above(node, one.module.parents, ast.stmt))
