"""What rules about batches ask: is the flag set, what does the handler return."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Trigger
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.facts.tree import Unknown

_PROCESSORS = {"BatchProcessor", "SqsFifoPartialProcessor", "process_partial_response", "batch_processor",
               "async_process_partial_response", "processPartialResponse", "processPartialResponseSync",
               "BatchProcessorSync", "SqsFifoPartialProcessorAsync"}  # fmt: skip


MOST_NAMES = 3
"""Names on the way from a record to what is taken from it."""


def failures_reported(trigger: Trigger) -> bool | None:
    """Whether a mapping has ReportBatchItemFailures; None when unknown."""
    fact = trigger.fact("FunctionResponseTypes")
    if fact.absent:
        return False
    if isinstance(fact.value, Unknown) or fact.unknown:
        return None
    listed = fact.value if isinstance(fact.value, list) else [fact.value]
    if any(isinstance(one, Unknown) for one in listed):
        return None
    return "ReportBatchItemFailures" in listed


def one_by_one(trigger: Trigger) -> bool:
    """Whether batches hold one record, or it can't be known."""
    size = trigger.fact("BatchSize")
    return size.unknown or size.number == 1


def uses_processor(function: Function) -> bool:
    """Whether a library makes the answer."""
    return function.code is not None and any(
        name in _PROCESSORS for module in function.code.loaded for name in module.imports
    )


def returns_failures(function: Function) -> bool:
    """Whether what the handler reaches makes an answer with `batchItemFailures`."""
    return uses_processor(function) or any(_mentions_failures(one) for one in reached(function))


def _mentions_failures(one: Reached) -> bool:
    return any(isinstance(node, ast.Constant) and node.value == "batchItemFailures" for node in one.nodes)


def reached(function: Function) -> list[Reached]:
    """What the handler reaches; nothing when the code is not known."""
    found: list[Reached] = function.code.reached if function.code is not None else []
    return found


def record_loops(function: Function) -> Iterator[tuple[Reached, ast.For]]:
    """Loops over `event["Records"]` in the handler and what it reaches."""
    for one in reached(function):
        for node in one.nodes:
            if isinstance(node, ast.For) and _records(node.iter, one):
                yield one, node


def _records(node: ast.expr, one: Reached) -> bool:
    value = one.locals.get(node.id, node) if isinstance(node, ast.Name) else node
    return any(isinstance(inner, ast.Constant) and inner.value == "Records" for inner in ast.walk(value))


def keys_taken(node: ast.AST, one: Reached, depth: int = 0) -> list[object]:
    """The keys that are taken one from the other, also by way of names."""
    if isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return [*keys_taken(node.value, one, depth), key]
    if isinstance(node, ast.Name) and node.id in one.locals and depth < MOST_NAMES:
        return keys_taken(one.locals[node.id], one, depth + 1)
    return [*keys_taken(node.value, one, depth), node.attr] if isinstance(node, ast.Attribute) else []
