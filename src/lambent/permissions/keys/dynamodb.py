"""Keys of DynamoDB: which items and attributes a request is about, and what it gets of them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambent.permissions.keys import statements
from lambent.permissions.keys.view import Value, View
from lambent.permissions.resolved import Resolved

Params = Mapping[str, Any]
_EQUALS = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")
_PATH = re.compile(r"(?<![\w:#.])#?[A-Za-z_][\w-]*")
_EXPRESSIONS = (
    *("ProjectionExpression", "FilterExpression", "KeyConditionExpression", "UpdateExpression"),
    "ConditionExpression",
)
_WORDS = frozenset(
    (
        *("SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN", "SIZE", "CONTAINS", "BEGINS_WITH"),
        *("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS", "ATTRIBUTE_TYPE", "IF_NOT_EXISTS", "LIST_APPEND"),
    )
)
_READS = frozenset(("GetItem", "BatchGetItem", "Query", "Scan"))
_WRITES = frozenset(("PutItem", "UpdateItem", "DeleteItem"))


async def leading_keys(view: View, resolved: Resolved) -> Value:
    """The values of the partition keys of the items."""
    named, _, rest = view.right.resource.partition(":table/")
    table, _, more = rest.partition("/")
    index = more.removeprefix("index/") if more.startswith("index/") else ""
    arn = f"{named}:table/{table}"
    name = await resolved.find(
        f"{arn} {index}", view.owner, "dynamodb", "DescribeTable", {"TableName": table},
        lambda said: _partition_key(said, index),
    )  # fmt: skip
    if view.name.startswith("PartiQL"):
        return statements.keys(view.right.params, name)
    values = tuple(dict.fromkeys(leading(view.right.params, table, name))) if name else ()
    return values or None


async def full_scan(view: View, resolved: Resolved) -> Value:
    """Whether a statement reads the whole table: it does where no key can be told.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    """
    if view.name != "PartiQLSelect":
        return None
    return str(await leading_keys(view, resolved) in (None, (statements.UNTOLD,))).lower()


def leading(params: Params, table: str, name: str) -> Iterator[str]:
    """The values of the partition key `name` that a request to a table names, as conditions have them."""
    for said, item in _parts(params, table):
        if isinstance(item, Mapping) and isinstance(item.get(name), Mapping):
            yield _text(item[name])
        names, values = said.get("ExpressionAttributeNames") or {}, said.get("ExpressionAttributeValues") or {}
        for given, value in _EQUALS.findall(said.get("KeyConditionExpression") or ""):
            if names.get(given, given) == name and isinstance(values.get(value), Mapping):
                yield _text(values[value])
    for value in ((params.get("KeyConditions") or {}).get(name) or {}).get("AttributeValueList", ()):
        yield _text(value)


def attributes(view: View) -> Value:
    """The names of the attributes that a request names, at the top of their items."""
    table = view.right.resource.partition(":table/")[2].partition("/")[0]
    found: dict[str, None] = {}
    for said, item in _parts(view.right.params, table):
        found |= dict.fromkeys(item or {})
        found |= dict.fromkeys(said.get("AttributesToGet") or ())
        for old in ("AttributeUpdates", "Expected", "KeyConditions", "ScanFilter", "QueryFilter"):
            found |= dict.fromkeys(said.get(old) or {})
        names = said.get("ExpressionAttributeNames") or {}
        for expression in _EXPRESSIONS:
            found |= dict.fromkeys(_named(said.get(expression) or "", names))
    return tuple(found) or None


def _named(expression: str, names: Mapping[str, str]) -> Iterator[str]:
    for one in _PATH.findall(expression):
        if one.upper() not in _WORDS:
            yield names.get(one, one)


def select(view: View) -> Value:
    """Which attributes come back; all where nothing is said."""
    if view.name not in _READS:
        return None
    params = view.right.params
    if params.get("Select"):
        return str(params["Select"])
    table = view.right.resource.partition(":table/")[2].partition("/")[0]
    if all(said.get("ProjectionExpression") or said.get("AttributesToGet") for said, _ in _parts(params, table)):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "/index/" in view.right.resource else "ALL_ATTRIBUTES"


def return_values(view: View) -> Value:
    """NONE where nothing is said."""
    if view.name not in _WRITES:
        return None
    return str(view.right.params.get("ReturnValues") or "NONE")


def enclosing(view: View) -> Value:
    """The transaction that it is in."""
    first = next(iter(view.right.params.get("TransactItems") or ()), None)
    if first is None:
        return None
    return "TransactGetItems" if "Get" in first else "TransactWriteItems"


def _parts(params: Params, table: str) -> Iterator[tuple[Params, Any]]:
    """(what has expressions, the key or item with it), for every item that an operation names in a table."""
    if "TransactItems" not in params and "RequestItems" not in params:
        yield params, params.get("Item") or params.get("Key")
    for asked in (one for name, one in (params.get("RequestItems") or {}).items() if _is(name, table)):
        yield from _batched(asked)
    for one in params.get("TransactItems") or ():
        yield from ((said, said.get("Item") or said.get("Key")) for said in one.values() if _is(said, table))


def _batched(asked: Any) -> Iterator[tuple[Params, Any]]:
    """Of one table; one that is named in two forms is there twice."""
    if isinstance(asked, Mapping):  # BatchGetItem
        yield asked, None
        yield from ((asked, one) for one in asked.get("Keys", ()))
        return
    for one in asked:
        yield one, (one.get("PutRequest") or {}).get("Item") or (one.get("DeleteRequest") or {}).get("Key")


def _is(said: Any, table: str) -> bool:
    name = said.get("TableName", "") if isinstance(said, Mapping) else said
    return str(name).rpartition("/")[2] == table


def _text(value: Mapping[str, Any]) -> str:
    kind, said = next(iter(value.items()), ("", ""))
    return base64.b64encode(said).decode("ascii") if kind == "B" and isinstance(said, bytes) else str(said)


def _partition_key(said: Params, index: str) -> str:
    table = said.get("Table", {})
    indexes = [*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())]
    found = next((one for one in indexes if one.get("IndexName") == index), table)
    schema = found.get("KeySchema", ())
    return next((str(one["AttributeName"]) for one in schema if one.get("KeyType") == "HASH"), "")


KEYS = {
    "dynamodb:leadingkeys": leading_keys,
    "dynamodb:fulltablescan": full_scan,
    "dynamodb:attributes": attributes,
    "dynamodb:select": select,
    "dynamodb:returnvalues": return_values,
    "dynamodb:enclosingoperation": enclosing,
}
