"""Which rights a request needs: actions, the ARNs they are about, and condition keys, by AWS's reference as data.

An ARN among the parameters that has the form of the action's resource is the resource; else the variables of that form
are filled with the parameters of their names.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from lambent.model import names
from lambent.model.scope import Scope
from lambent.permissions import by_path, passing, reference

Params = Mapping[str, Any]
Keys = dict[str, str | tuple[str, ...]]
_VARIABLE = re.compile(r"\$\{([A-Za-z]+)\}")
_OWN = {"Partition", "Region", "Account"}
_KEY = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What moto's ciphertexts begin with: the id of their key."""
SUFFIX = "-??????"
"""What Secrets Manager adds to a secret's name; a request that names the secret does not tell it."""


@dataclass(frozen=True, slots=True)
class Right:
    """One right that a request needs. `account` is the resource's, "" where its ARN has none."""

    action: str
    resource: str
    account: str
    keys: Keys = field(default_factory=dict)


def rights(signing_name: str, service: str, operation: str, params: Params, scope: Scope) -> list[Right]:
    """All rights that an operation of a service (botocore's name) needs; none for what everybody may."""
    prefix = reference.prefix_of(signing_name)
    table = reference.exceptions()
    if f"{prefix}:{operation}" in table["open"]:
        return []
    known = {**params} | _derived(service, params, scope)
    keys = _keys(prefix, known, scope)
    if prefix == by_path.PREFIX:
        found = [Right(*by_path.right(service, operation, params, scope.region), "", keys)]
    else:
        asks = table["asks"].get(f"{service}:{operation}", [{"action": f"{prefix}:{operation}"}])
        found = [right for ask in asks for right in _rights(ask, known, scope, keys)]
    return found + [_passes(service, role, scope, keys) for role in passing.passed(service, operation, params)]


def _passes(service: str, role: str, scope: Scope, keys: Keys) -> Right:
    to = reference.exceptions()["passes"][service]["to"]
    return Right("iam:PassRole", role, account_of(role, scope), keys | {"iam:passedtoservice": to})


def _rights(ask: Mapping[str, Any], params: Params, scope: Scope, keys: Keys) -> Iterator[Right]:
    action = ask["versioned"] if "versioned" in ask and params.get("VersionId") else ask["action"]
    more = keys | ask.get("keys", {})
    for filled in _each(ask.get("with"), params):
        arn = _of_alias(resource_of(action, filled, scope))
        yield Right(action, arn, account_of(arn, scope), more)


def _of_alias(arn: str) -> str:
    """A key of KMS may be called by its alias."""
    name = arn.partition(":key/")[2] if arn.startswith("arn:") and ":kms:" in arn else ""
    return arn.replace(":key/", ":", 1) if name.startswith("alias/") else name if name.startswith("arn:") else arn


def _each(paths: Mapping[str, str] | None, params: Params) -> Iterator[Params]:
    """The parameters, once for every value of what an exception takes from them."""
    if paths is None:
        yield params
        return
    found = {name: jmespath.search(path, params) for name, path in paths.items()}
    lists = {name: value if isinstance(value, list) else [value] for name, value in found.items()}
    for place in range(max(map(len, lists.values()))):
        one = {name: values[min(place, len(values) - 1)] for name, values in lists.items() if values}
        if all(one.values()):
            yield {**params} | {f"={name}": value for name, value in one.items()}


def resource_of(action: str, params: Params, scope: Scope) -> str:
    """The ARN that an action is about, "*" when it is about nothing in particular or nothing says what."""
    best = ""
    for form in reference.types_of(action):
        found = _by_arn(form, params) or _filled(form, params, scope)
        if found is not None and found.count("/") + found.count(":") > best.count("/") + best.count(":"):
            best = found
    return best or "*"


def _by_arn(form: str, params: Params) -> str | None:
    shape = _shape(form)
    fresh = [value for name, value in params.items() if name.startswith("=")]
    for value in (*fresh, *(() if fresh else params.values())):
        if isinstance(value, str) and value.startswith("arn:") and shape.fullmatch(value):
            qualifier = params.get("Qualifier")
            return f"{value}:{qualifier}" if qualifier and ":function:" in value and value.count(":") == 6 else value
    return None


@functools.lru_cache(1_024)
def _shape(form: str) -> re.Pattern[str]:
    parts = _VARIABLE.split(form)
    return re.compile("".join(".*?" if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.DOTALL)


def _filled(form: str, params: Params, scope: Scope) -> str | None:
    values: dict[str, str] = {}
    partition = "aws-cn" if scope.region.startswith("cn-") else "aws-us-gov" if "-gov-" in scope.region else "aws"
    own = {"Partition": partition, "Region": scope.region, "Account": scope.account}
    for variable in _VARIABLE.findall(form):
        found = own.get(variable) or _value(variable, params)
        if found is None:
            return None
        values[variable] = found
    ending = reference.exceptions()["endings"].get(form, "")
    return f"{_VARIABLE.sub(lambda one: values[one[1]], form)}{ending}"


def _value(variable: str, params: Params) -> str | None:
    """What a variable of an ARN stands for."""
    if f"={variable}" in params:
        return _plain(variable, params[f"={variable}"])
    for name in (*reference.exceptions()["variables"].get(variable, ()), variable, variable[:1].lower() + variable[1:]):
        value = params.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str | int) and str(value):
            return _plain(variable, str(value))
    return None


def _plain(variable: str, value: str) -> str:
    """A parameter as an ARN has it."""
    match variable:
        case "QueueName":
            return value.rpartition("/")[2]
        case "ParameterNameWithoutLeadingSlash":
            return value.removeprefix("/")
        case "SecretId":
            return value.partition(":secret:")[2] or f"{value}{SUFFIX}"
        case "Alias":
            return value.removeprefix("alias/")
        case "TableName" | "StreamName" | "RepositoryName" | "EventBusName":
            return value.rpartition("/")[2] if value.startswith("arn:") else value
    return value


def _derived(service: str, params: Params, scope: Scope) -> dict[str, Any]:
    """Parameters that others hold in one text."""
    source = params.get("CopySource")
    if service == "s3" and isinstance(source, str):
        bucket, _, key = source.partition("?")[0].lstrip("/").partition("/")
        return {"SourceBucket": bucket, "SourceKey": key}
    if service == "lambda" and isinstance(params.get("FunctionName"), str):
        said = names.parse(params["FunctionName"])
        qualifier = params.get("Qualifier") or said.qualifier
        if said.account:
            there = Scope(said.account, said.region or scope.region)
            return {"FunctionName": names.function_arn(there, said.name, qualifier)}
        if said.name and not params["FunctionName"].startswith("arn:"):
            return {"FunctionName": f"{said.name}:{qualifier}" if qualifier else said.name}
    if service == "lambda" and str(params.get("LayerName", "")).startswith("arn:") and params.get("VersionNumber"):
        return {"LayerVersionArn": f"{params['LayerName']}:{params['VersionNumber']}"}
    if service == "scheduler" and not params.get("GroupName"):
        return {"GroupName": "default"}
    if service == "cloudformation" and params.get("StackName"):
        return {"Id": "*"}
    blob = params.get("CiphertextBlob")
    if service == "kms" and isinstance(blob, bytes) and not params.get("KeyId") and (found := _KEY.match(blob)):
        return {"KeyId": found[0].decode()}
    return {}


def account_of(arn: str, scope: Scope) -> str:
    """The account of a resource; that of `scope` where its ARN names none."""
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 and re.fullmatch("[0-9]{12}", fields[4]) else scope.account


def _keys(prefix: str, params: Params, scope: Scope) -> Keys:
    keys: Keys = {"aws:requestedregion": scope.region}
    for key, path in reference.exceptions()["keys"].get(prefix, {}).items():
        value = _text(_found(path, params))
        if value is not None:
            keys[key] = value
    tags = _tags(params)
    if tags:
        keys |= {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()} | {"aws:tagkeys": tuple(tags)}
    context = params.get("EncryptionContext")
    if isinstance(context, Mapping):
        keys |= {f"kms:encryptioncontext:{str(key).lower()}": str(value) for key, value in context.items()}
    return keys


def _found(path: str, params: Params) -> Any:
    if path.isidentifier():
        return params.get(path)
    try:
        return jmespath.search(path, params)
    except jmespath.exceptions.JMESPathError:
        return None  # `keys` of what the request lacks


def _text(value: Any) -> str | tuple[str, ...] | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return tuple(str(one) for one in value if isinstance(one, str | int | float)) or None
    return None


def _tags(params: Params) -> dict[str, str]:
    said = params.get("Tags") or params.get("tags") or {}
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    pairs = [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []
    return {str(one.get("Key", one.get("key", ""))): str(one.get("Value", one.get("value", ""))) for one in pairs}
