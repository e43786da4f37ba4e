"""Which rights a request needs: actions, the ARNs they are about, and condition keys, by AWS's reference as data.

An ARN among the parameters that has the form of the action's resource is the resource; else the variables of that form
are filled with the parameters of their names.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath

from lambent.model.scope import Scope
from lambent.permissions import by_path, parameters, partiql, passing, reference, tagging

Params = Mapping[str, Any]
Keys = dict[str, str | tuple[str, ...]]
_VARIABLE = re.compile(r"\$\{([A-Za-z]+)\}")
_OWN_NAME = re.compile("([A-Z][A-Za-z]+?)(Name|Id)")
OF_S3 = "arn:${Partition}:s3:::"
_OWN = {"Partition", "Region", "Account"}


@dataclass(frozen=True, slots=True)
class Right:
    """One right that a request needs. `account` is the resource's, "" where its ARN has none. `keys` are the condition
    keys that are known beside those that are found out when a policy names them; `params` are the parameters of the
    request, none for what its service asks of another; `about` is what that is for, where it is one of several."""

    action: str
    resource: str
    account: str
    keys: Keys = field(default_factory=dict)
    params: Params = field(default_factory=dict)
    about: str = ""


def rights(signing_name: str, service: str, operation: str, params: Params, scope: Scope) -> list[Right]:
    """All rights that an operation of a service (botocore's name) needs; none for what everybody may."""
    prefix = reference.prefix_of(signing_name)
    table = reference.exceptions()
    if f"{prefix}:{operation}" in table["open"]:
        return []
    if service == partiql.SERVICE and operation in partiql.STATEMENTS:
        asked = [(about, {"action": action}) for action, about in partiql.needed(operation, params)]
        return [
            right
            for about, ask in asked
            for right in _rights(ask, prefix, parameters.sent(params) | dict(about), scope)
        ]
    known = parameters.sent(params) | parameters.derived(service, params)
    if prefix == by_path.PREFIX:
        found = [Right(*by_path.right(service, operation, params, scope.region), "", params=params)]
    else:
        asks = table["asks"].get(f"{service}:{operation}", [{"action": f"{prefix}:{operation}"}])
        found = [right for ask in asks for right in _rights(ask, prefix, known, scope)]
    tags = tagging.needed(service, operation, params)
    found += [
        Right(action, arn, account_of(arn, scope), of_service(prefix, scope.region), params) for action, arn in tags
    ]
    found += [more for one in found if (more := _here(one, prefix, scope)) is not None]
    return found + [_passes(service, role, scope) for role in passing.passed(service, operation, params)]


def _here(right: Right, prefix: str, scope: Scope) -> Right | None:
    """The same right in the region of the request, where an ARN names another one: moto looks there all the same."""
    fields = right.resource.split(":", 5)
    if len(fields) < 6 or fields[2] != prefix or fields[3] in ("", "*", scope.region):
        return None
    return replace(right, resource=":".join([*fields[:3], scope.region, *fields[4:]]))


def _passes(service: str, role: str, scope: Scope) -> Right:
    to = reference.exceptions()["passes"][service]["to"]
    return Right("iam:PassRole", role, account_of(role, scope), {"iam:passedtoservice": to})


def _rights(ask: Mapping[str, Any], prefix: str, params: Params, scope: Scope) -> Iterator[Right]:
    action = ask["versioned"] if "versioned" in ask and params.get("VersionId") else ask["action"]
    own = action.partition(":")[0] == prefix
    keys = {} if own else of_service(prefix, scope.region)
    forms = reference.types_of(action, ask.get("type", ""))
    for filled in _each(ask["with"], params) if "with" in ask else _several(forms, params):
        arn = _of_alias(resource_of(action, filled, scope, ask.get("type", "")))
        for one in dict.fromkeys([arn, *(_also(action, filled, scope, arn) if ask.keys() == {"action"} else ())]):
            yield Right(action, one, account_of(one, scope), keys | ask.get("keys", {}), filled if own else {})


def _also(action: str, params: Params, scope: Scope, best: str) -> Iterator[str]:
    """The other resources of an action that needs each of several types, as far as the request tells them: a table of
    Glue is asked with its database and catalog."""
    for form in reference.required_of(action) if best != "*" else ():
        found = _by_arn(form, params) or _filled(form, params, scope, action)
        if found is not None:
            yield found


def of_service(prefix: str, region: str) -> Keys:
    """The keys of what a service asks in the caller's name.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    name = f"{prefix}.amazonaws.com"
    return {
        "aws:viaawsservice": "true",
        "aws:calledvia": (name,),
        "aws:calledviafirst": name,
        "aws:calledvialast": name,
        "kms:viaservice": f"{prefix}.{region}.amazonaws.com",
    }


def _of_alias(arn: str) -> str:
    """A key of KMS may be called by its alias."""
    name = arn.partition(":key/")[2] if arn.startswith("arn:") and ":kms:" in arn else ""
    return arn.replace(":key/", ":", 1) if name.startswith("alias/") else name if name.startswith("arn:") else arn


def _several(forms: list[str], params: Params) -> Iterator[Params]:
    """The parameters, once for each of the names or ARNs where what an action is about are several of them."""
    found = [(f"={name}", one) for name in _lists(tuple(forms)) for one in _texts(params.get(name))]
    for name, value in params.items():
        if name.lower().endswith("arns"):
            found += [("=arn", one) for one in _texts(value) if any(shape(form).fullmatch(one) for form in forms)]
    if not found:
        yield params
    for name, one in dict.fromkeys(found):
        yield {**params, _lists(tuple(forms)).get(name[1:], name): one}


@functools.lru_cache(1_024)
def _lists(forms: tuple[str, ...]) -> Mapping[str, str]:
    """What a list of what a variable stands for may be called (`AlarmNames`) -> the variable, as `_value` finds it."""
    known = reference.exceptions()["variables"]
    variables = {one for form in forms for one in _VARIABLE.findall(form) if one not in _OWN}
    said = {
        called: f"={variable}"
        for variable in sorted(variables)
        for name in (variable, *known.get(variable, ()))
        for called in (name, f"{name}s", f"{name[:1].lower()}{name[1:]}s")
    }
    return said


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _each(paths: Mapping[str, str], params: Params) -> Iterator[Params]:
    """The parameters, once for every value of what an exception takes from them, however often it is said."""
    found = {name: jmespath.search(path, params) for name, path in paths.items()}
    lists = {name: value if isinstance(value, list) else [value] for name, value in found.items()}
    seen = set()
    for place in range(max(map(len, lists.values()))):
        one = {name: values[min(place, len(values) - 1)] for name, values in lists.items() if values}
        said = tuple(map(str, one.values()))
        if all(one.values()) and said not in seen:
            seen.add(said)
            yield {**params} | {f"={name}": value for name, value in one.items()}


def resource_of(action: str, params: Params, scope: Scope, kind: str = "") -> str:
    """The ARN that an action is about (of a type `kind`, if it is about several), "*" when it is about nothing in
    particular or nothing says what."""
    best = ""
    forms = reference.types_of(action, kind)
    for form in forms:
        if len(forms) > 1 and _OWN.issuperset(_VARIABLE.findall(form)):
            continue  # what has one name for all is none of the things that a request names
        found = _by_arn(form, params) or _filled(form, params, scope, action)
        if found is not None and found.count("/") + found.count(":") > best.count("/") + best.count(":"):
            best = found
    return best or "*"


def _by_arn(form: str, params: Params) -> str | None:
    if form.startswith(OF_S3):
        return None  # buckets and objects are called by their names, and a key may look like any ARN
    fresh = [value for name, value in params.items() if name.startswith("=") and name != parameters.OWNER]
    fits = shape(form)
    for value in fresh or parameters.arns(_VARIABLE.findall(form), params):
        if isinstance(value, str) and value.startswith("arn:") and fits.fullmatch(value):
            return value
    return None


@functools.lru_cache(1_024)
def shape(form: str) -> re.Pattern[str]:
    """What fits an ARN with variables."""
    parts = _VARIABLE.split(form)
    return re.compile("".join(".*?" if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.DOTALL)


def _filled(form: str, params: Params, scope: Scope, action: str) -> str | None:
    values: dict[str, str] = {}
    own = {
        "Partition": parameters.partition_of(scope.region),
        "Region": scope.region,
        "Account": params.get(parameters.OWNER, scope.account),
    }
    for variable in _VARIABLE.findall(form):
        found = own.get(variable) or _value(variable, params)
        found = _called(variable, params, action) if found is None else found
        if found is None:
            return None
        values[variable] = found
    ending = reference.exceptions()["endings"].get(form, "")
    return f"{_VARIABLE.sub(lambda one: values[one[1]], form)}{ending}"


def _value(variable: str, params: Params) -> str | None:
    """What a variable of an ARN stands for."""
    if f"={variable}" in params:
        return parameters.plain(variable, params[f"={variable}"])
    for name in (*reference.exceptions()["variables"].get(variable, ()), variable, variable[:1].lower() + variable[1:]):
        value = params.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str | int) and str(value):
            return parameters.plain(variable, str(value))
    return None


def _called(variable: str, params: Params, action: str) -> str | None:
    """The same where an operation on a connection calls the ConnectionName just Name."""
    said = _OWN_NAME.fullmatch(variable)
    if said is None or said[1] not in action:
        return None
    names = ("Name", "name") if said[2] == "Name" else ("Id", "id", "Identifier", "identifier")
    return next((value for name in names if isinstance(value := params.get(name), str) and value), None)


def account_of(arn: str, scope: Scope) -> str:
    """The account of a resource; that of `scope` where its ARN names none."""
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 and re.fullmatch("[0-9]{12}", fields[4]) else scope.account
