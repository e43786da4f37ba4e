"""What the Lambda API is expected to hold: a small model of functions, versions, aliases, concurrency and tags.

`apply` answers what a call does to a state, without changing the one it is given.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LATEST = "$LATEST"
MOST_RESERVED = 900
"""Of the account's 1000 concurrent executions 100 stay for functions that reserve none."""


@dataclass
class Version:
    """A published version."""

    timeout: int
    code: str
    description: str
    active: bool


@dataclass
class Function:
    """A function; `phase` is creating, updating or ready."""

    timeout: int
    code: str
    phase: str = "creating"
    tags: dict[str, str] = field(default_factory=dict)
    reserved: int | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    published: int = 0
    published_as: tuple[int, str] | None = None


@dataclass
class Account:
    """One account's functions, and the last version numbers of those that were deleted."""

    functions: dict[str, Function] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


class Refused(Exception):
    """The call is refused, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


NOT_FOUND, CONFLICT = "ResourceNotFoundException", "ResourceConflictException"
INVALID = "InvalidParameterValueException"


def apply(account: Account, operation: str, params: dict[str, Any]) -> tuple[Account, str]:
    """The account after a call, and "ok" or the code of the refusal."""
    after = copy.deepcopy(account)
    try:
        RULES[operation](after, params)
    except Refused as refused:
        return account, refused.code
    return after, "ok"


def settled(account: Account) -> Account:
    """The account when everything that was under way has ended."""
    after = copy.deepcopy(account)
    for function in after.functions.values():
        function.phase = "ready"
        for version in function.versions.values():
            version.active = True
    return after


def shown(account: Account) -> dict[str, Any]:
    """The account as `seen` in test_interleavings.py shows it."""
    return {name: _shown(function) for name, function in account.functions.items()}


def _shown(function: Function) -> dict[str, Any]:
    return {
        "timeout": function.timeout,
        "code": function.code,
        "phase": function.phase,
        "tags": function.tags,
        "reserved": function.reserved,
        "versions": {
            number: (version.timeout, version.code, version.description, version.active)
            for number, version in function.versions.items()
        },
        "aliases": function.aliases,
    }


def _function(account: Account, params: dict[str, Any]) -> Function:
    name = params["FunctionName"] if "FunctionName" in params else params["Resource"].rpartition(":")[2]
    if name not in account.functions:
        raise Refused(NOT_FOUND)
    return account.functions[name]


def _changeable(account: Account, params: dict[str, Any]) -> Function:
    function = _function(account, params)
    if function.phase != "ready":
        raise Refused(CONFLICT)
    if "RevisionId" in params:  # only stale ones are sent
        raise Refused("PreconditionFailedException")
    return function


def _publish(function: Function, active: bool, description: str = "") -> None:
    state = (function.timeout, function.code)
    if function.published_as == state and str(function.published) in function.versions:
        return
    function.published += 1
    function.published_as = state
    function.versions[str(function.published)] = Version(function.timeout, function.code, description, active)


def _create_function(account: Account, params: dict[str, Any]) -> None:
    name = params["FunctionName"]
    if name in account.functions:
        raise Refused(CONFLICT)
    function = Function(params["Timeout"], params["Code"]["ZipFile"], tags=dict(params.get("Tags", {})))
    function.published = account.numbers.get(name, 0)
    account.functions[name] = function
    if params.get("Publish"):
        _publish(function, active=False)


def _delete_function(account: Account, params: dict[str, Any]) -> None:
    function = _function(account, params)
    qualifier = params.get("Qualifier")
    if qualifier is None:
        if function.published:
            account.numbers[params["FunctionName"]] = function.published
        del account.functions[params["FunctionName"]]
    elif any(qualifier in pair for pair in function.aliases.values()):
        raise Refused(CONFLICT)
    else:
        function.versions.pop(qualifier, None)


def _update_configuration(account: Account, params: dict[str, Any]) -> None:
    function = _changeable(account, params)
    function.timeout = params["Timeout"]
    function.phase = "updating"


def _update_code(account: Account, params: dict[str, Any]) -> None:
    function = _changeable(account, params)
    function.code = params["ZipFile"]
    function.phase = "updating"
    if params.get("Publish"):
        _publish(function, active=False)


def _publish_version(account: Account, params: dict[str, Any]) -> None:
    _publish(_changeable(account, params), active=True, description=params["Description"])


def _pointed(function: Function, params: dict[str, Any]) -> tuple[str, str | None]:
    """Where an alias leads: the rules on versions and weights."""
    version, weights = params["FunctionVersion"], params["RoutingConfig"]["AdditionalVersionWeights"]
    there = {LATEST, *function.versions}
    if version not in there:
        raise Refused(NOT_FOUND)
    if weights and (version == LATEST or version in weights):
        raise Refused(INVALID)
    if not set(weights) <= there:
        raise Refused(NOT_FOUND)
    return version, next(iter(weights), None)


def _create_alias(account: Account, params: dict[str, Any]) -> None:
    function = _function(account, params)
    pair = _pointed(function, params)
    if params["Name"] in function.aliases:
        raise Refused(CONFLICT)
    function.aliases[params["Name"]] = pair


def _update_alias(account: Account, params: dict[str, Any]) -> None:
    function = _function(account, params)
    if params["Name"] not in function.aliases:
        raise Refused(NOT_FOUND)
    function.aliases[params["Name"]] = _pointed(function, params)


def _delete_alias(account: Account, params: dict[str, Any]) -> None:
    _function(account, params).aliases.pop(params["Name"], None)


def _put_concurrency(account: Account, params: dict[str, Any]) -> None:
    function, wanted = _function(account, params), params["ReservedConcurrentExecutions"]
    others = sum(one.reserved or 0 for one in account.functions.values() if one is not function)
    if wanted and others + wanted > MOST_RESERVED:
        raise Refused(INVALID)
    function.reserved = wanted


def _delete_concurrency(account: Account, params: dict[str, Any]) -> None:
    _function(account, params).reserved = None


def _tag(account: Account, params: dict[str, Any]) -> None:
    _function(account, params).tags.update(params["Tags"])


def _untag(account: Account, params: dict[str, Any]) -> None:
    tags = _function(account, params).tags
    for key in params["TagKeys"]:
        tags.pop(key, None)


RULES: dict[str, Callable[[Account, dict[str, Any]], None]] = {
    "CreateFunction": _create_function,
    "DeleteFunction": _delete_function,
    "UpdateFunctionConfiguration": _update_configuration,
    "UpdateFunctionCode": _update_code,
    "PublishVersion": _publish_version,
    "CreateAlias": _create_alias,
    "UpdateAlias": _update_alias,
    "DeleteAlias": _delete_alias,
    "PutFunctionConcurrency": _put_concurrency,
    "DeleteFunctionConcurrency": _delete_concurrency,
    "TagResource": _tag,
    "UntagResource": _untag,
}
