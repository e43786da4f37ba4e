"""Terraform's plans and states in JSON (`terraform show -json`) as the blocks that they were made of.

https://developer.hashicorp.com/terraform/internals/json-format: `planned_values` has what is known, `configuration` the
references of what is not known yet.
"""

from collections.abc import Iterator
from typing import Any

from lambent.pitfalls.facts import terraform
from lambent.pitfalls.facts.hcl import Block, reference
from lambent.pitfalls.facts.project import Stack
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Unknown

MARK = '"planned_values"'


def is_plan(document: Any) -> bool:
    """Whether a document is one."""
    return isinstance(document, Map) and isinstance(document.get("planned_values"), Map)


def read(document: Map, path: str) -> Stack:
    """The stack of a plan."""
    configuration = _map(_map(document, "configuration"), "root_module")
    blocks = list(_data(_map(_map(document, "prior_state"), "values")))
    blocks.extend(_module(_map(_map(document, "planned_values"), "root_module"), configuration, ""))
    return terraform.stack_of([(path, block) for block in blocks], path)


def _map(value: Map, key: str) -> Map:
    inner = value.get(key)
    return inner if isinstance(inner, Map) else Map(value.span)


def _list(value: Map, key: str) -> list[Map]:
    inner = value.get(key)
    return [one for one in inner if isinstance(one, Map)] if isinstance(inner, list) else []


def _data(values: Map) -> Iterator[Block]:
    """Archives, whose sources lie in the project."""
    for one in _list(_map(values, "root_module"), "resources"):
        if one.get("type") == "archive_file" and one.get("mode") == "data":
            yield _block("data", [str(one["type"]), str(one.get("name"))], _map(one, "values"), Map(), "")


def _module(module: Map, configuration: Map, suffix: str) -> Iterator[Block]:
    expressions = {one.get("address"): _map(one, "expressions") for one in _list(configuration, "resources")}
    for one in _list(module, "resources"):
        if one.get("mode") == "managed" and isinstance(one.get("type"), str):
            plain = f"{one['type']}.{one.get('name')}"
            index = one.get("index")
            label = f"{one.get('name')}{f'[{index}]' if index not in (None, 0) else ''}{suffix}"
            known = _map(one, "values")
            known.span = one.span
            yield _block("resource", [one["type"], label], known, expressions.get(plain, Map()), suffix)
    calls = _map(configuration, "module_calls")
    for child in _list(module, "child_modules"):
        address = str(child.get("address", ""))
        name = address.rpartition("module.")[2].partition("[")[0]
        yield from _module(child, _map(_map(calls, name), "module"), f"@{address}")


def _block(type_: str, labels: list[str], values: Map, expressions: Map, suffix: str) -> Block:
    body = Map(values.span)
    blocks: list[Block] = []
    for key, value in values.items():
        span = values.at[key]
        inner = [one for one in value if isinstance(one, Map)] if isinstance(value, Seq) else []
        if inner and len(inner) == len(value):
            given = _list(expressions, key)
            told = [*given, *[Map()] * len(inner)]
            blocks.extend(_block(key, [], one, told[at], suffix) for at, one in enumerate(inner))
        elif value is not None and not (isinstance(value, Seq) and not value):
            body.put(key, value, span)
    for key, expression in expressions.items():
        told_by = _reference(expression, suffix)
        archive = isinstance(told_by, Ref) and told_by.id.startswith("data.archive_file.")
        if told_by is not None and (archive or (key not in body and not any(one.type == key for one in blocks))):
            body.put(key, told_by, values.span)
    return Block(type_, labels, body, blocks, values.span)


def _reference(expression: Any, suffix: str) -> Any:
    """What an expression that is not known yet refers to; unknown when that is more than one thing."""
    references = expression.get("references") if isinstance(expression, Map) else None
    if not isinstance(references, list) or not references:
        return None
    texts = [one for one in references if isinstance(one, str)]
    if len({".".join(one.split(".")[:2]) for one in texts if not one.startswith("data.")}) > 1 or not texts:
        return Unknown("several")
    made = reference(texts[0].split("."))
    if isinstance(made, Ref) and not made.id.startswith(("local.", "data.", "module.")):
        return Ref(f"{made.id}{suffix}", made.attribute)
    return made if isinstance(made, Ref) and made.id.startswith("data.archive_file.") else Unknown(texts[0])
