"""Aliases: the rules on what one may point to, what is stored of it and answered.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html, and recorded answers.
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases.routing import weights_of
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import ALIAS
from lambent.store.resources import Resource

DOCUMENTED = ("FunctionVersion", "Description", "RoutingConfig")
"""What is stored of an alias, beside its name and revision."""


def meant(scope: Scope, params: Mapping[str, Any]) -> FunctionRef:
    """The alias that FunctionName and Name stand for. Raises Fault."""
    name = params["FunctionName"]
    ref = refer(scope, name)
    if ref.qualifier not in (None, LATEST):
        raise faults.functions_only()
    return FunctionRef(scope, ref.name, params["Name"])


def find(env: LambdaEnv, ref: FunctionRef) -> Resource | None:
    """The alias of a reference whose qualifier is its name."""
    return env.resources.get(ALIAS, ref.scope, ref.name, ref.version)


def changed(document: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """A document with what was sent; an empty routing config takes away the one that is there."""
    said = dict(document) | {member: params[member] for member in DOCUMENTED if member in params}
    weights = (said.pop("RoutingConfig", None) or {}).get("AdditionalVersionWeights")
    return said | ({"RoutingConfig": {"AdditionalVersionWeights": dict(weights)}} if weights else {})


def check(env: LambdaEnv, ref: FunctionRef, document: Mapping[str, Any]) -> None:
    """Raise Fault for versions that are not there, and for routing that AWS does not allow."""
    version, weights = document["FunctionVersion"], weights_of(document)
    if len(weights) > 1:
        raise faults.invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if weights and version == LATEST:
        raise faults.untyped("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise faults.invalid(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )
    for wanted in (version, *weights):
        _require_version(env, ref, wanted)


def _require_version(env: LambdaEnv, ref: FunctionRef, version: str) -> None:
    if env.functions.current(ref.scope, ref.name, version) is None:
        raise faults.function_not_found(FunctionRef(ref.scope, ref.name, version).arn)


def answer(alias: Resource) -> dict[str, Any]:
    """AliasConfiguration."""
    arn = FunctionRef(alias.scope, alias.parent, alias.name).arn
    return {"AliasArn": arn, "Name": alias.name, "RevisionId": alias.revision} | alias.document


def pointing_to(env: LambdaEnv, scope: Scope, function: str, version: str) -> list[str]:
    """The names of the aliases that lead to a version, always or sometimes."""
    return [
        alias.name
        for alias in env.resources.children(ALIAS, scope, function)
        if version == alias.document["FunctionVersion"] or version in weights_of(alias.document)
    ]
