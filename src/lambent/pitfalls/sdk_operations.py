"""What the code of a function asks of AWS, with the parameters that stand in it: operations as the API calls them.

Nothing is run. A parameter that is not told by the code (or the function's variables) is left out; of a text that is
told in part, the rest is an asterisk. Of objects in a bucket any key is one.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.pitfalls import effects
from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Env, fold
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.tree import Text, Unknown, plain

_TRANSFERS = {
    "upload_file": ("put_object",),
    "upload_fileobj": ("put_object",),
    "download_file": ("head_object", "get_object"),
    "download_fileobj": ("head_object", "get_object"),
    "copy": ("head_object", "copy_object"),
}
"""Methods of S3's clients that are no operations -> those that they ask for."""
_OF_TABLES = {"put": "put_item", "get": "get_item", "update": "update_item", "delete": "delete_item"}
_PRESIGNED = "generate_presigned_url"
_OTHERS = frozenset({"wait", "close", "can_paginate", "generate_presigned_post", "exceptions"})
MOST_TEXT = 2_000
"""Characters of a parameter; a longer one names nothing."""


@dataclass(frozen=True, slots=True)
class SdkOperation:
    """One operation (in snake case) of a service (boto3's name), and where the code asks for it: `path:line`. `told`
    says whether what it acts on is known."""

    service: str
    operation: str
    params: Mapping[str, Any]
    place: str
    told: bool

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        names = ("service", "operation", "params", "place", "told")
        return {name: getattr(self, name) for name in names}


def of(project: Project, name: str, variables: Mapping[str, str]) -> list[SdkOperation]:
    """What a function (by its name or logical id) asks for; `variables` are those of its environment."""
    with project.with_node():
        functions = [one for one in project.functions if name in (one.id, one.fact("FunctionName").value)]
        return list(_all(functions, variables))


def _all(functions: list[Function], variables: Mapping[str, str]) -> Iterator[SdkOperation]:
    for function in functions:
        for call in effects.calls(function):
            for operation in _operations(call):
                yield _asked(replace(call, operation=operation), variables)


def _operations(call: SdkCall) -> tuple[str, ...]:
    if call.operation in _OTHERS:
        return ()
    if call.operation == _PRESIGNED:
        named = call.fold("ClientMethod")
        return (named,) if isinstance(named, str) else ()
    if call.service == "s3" and call.operation in _TRANSFERS:
        return _TRANSFERS[call.operation]
    if call.service == "dynamodb" and call.operation in _OF_TABLES:
        return (_OF_TABLES[call.operation],)
    return (call.operation,)


def _asked(call: SdkCall, variables: Mapping[str, str]) -> SdkOperation:
    params = {name: value for name in call.arguments if (value := _argument(call, name, variables)) is not None}
    signed = params.pop("Params", None)
    params |= signed if isinstance(signed, dict) else {}
    named = sdk.TARGETS.get(call.service, "")
    target = _plain(sdk.target(call), variables) if named else None
    if target is not None:
        params[named] = target
    if call.service == "s3" and "Bucket" in params and "object" in call.operation:
        params.setdefault("Key", "*")
    told = not named or named in params or (not call.open and not _names(call))
    return SdkOperation(call.service, call.operation, params, f"{call.place.path}:{call.place.line}", told)


def _names(call: SdkCall) -> bool:
    """Whether it names what it acts on, and nobody can tell what that is."""
    named = sdk.TARGETS.get(call.service, "")
    return named in call.arguments or call.client.kind not in sdk.MAKERS


def _argument(call: SdkCall, name: str, variables: Mapping[str, str]) -> Any:
    return _value(call.arguments[name], call, variables, 0)


def _value(node: ast.expr, call: SdkCall, variables: Mapping[str, str], depth: int) -> Any:
    """A parameter as JSON has it; None for what is not told."""
    if depth > 4:
        return None
    if isinstance(node, ast.List | ast.Tuple):
        found = [_value(one, call, variables, depth + 1) for one in node.elts]
        return [one for one in found if one is not None]
    if isinstance(node, ast.Dict):
        keys = [_value(key, call, variables, depth + 1) if key is not None else None for key in node.keys]
        values = [_value(value, call, variables, depth + 1) for value in node.values]
        pairs = zip(keys, values, strict=True)
        return {key: {} if value is None else value for key, value in pairs if isinstance(key, str)}
    return _plain(fold(node, call.where.module, call.where), variables)


def _plain(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, Env):
        return variables.get(value.name, value.default if isinstance(value.default, str) else None)
    if isinstance(value, Text):
        said = plain(Text(tuple(variables.get(one.name, one) if isinstance(one, Env) else one for one in value.parts)))
        return said if said.strip("*") else None
    if isinstance(value, Unknown) or (isinstance(value, str) and len(value) > MOST_TEXT):
        return None
    return value if isinstance(value, str | int | float | bool) else None
