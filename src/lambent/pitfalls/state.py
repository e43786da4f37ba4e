"""State of a module: names at its top level that hold what can grow."""

import ast

from lambent.pitfalls.facts.python import Module, Reached

MUTABLE = {"list", "dict", "set", "bytearray", "collections.deque", "collections.defaultdict", "collections.Counter",
           "collections.OrderedDict", "deque", "defaultdict", "Counter", "OrderedDict"}  # fmt: skip


def of_module(name: str, one: Reached) -> bool:
    """Whether a name that a function uses is a mutable value of its module."""
    if name in one.bound or name not in one.module.module_names:
        return False
    return mutable(getattr(one.module.module_names[name], "value", None), one.module)


def mutable(value: ast.AST | None, module: Module) -> bool:
    """Whether a value is a collection without a bound."""
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return (
        isinstance(value, ast.Call)
        and module.dotted(value.func) in MUTABLE
        and not any(word.arg == "maxlen" for word in value.keywords)
    )
