"""Versions and aliases as the settings of a function name them."""

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.record import FunctionRecord

ALIAS = "alias"
"""The kind under which aliases are stored, by function and name."""


def is_alias(qualifier: str) -> bool:
    """Whether a qualifier has an alias's form: it holds no $, and is not a number."""
    return "$" not in qualifier and not qualifier.isdigit()


def version_of(env: LambdaEnv, scope: Scope, name: str, qualifier: str) -> str | None:
    """The version that a qualifier stands for, of an alias the main one; None when it stands for nothing."""
    if is_alias(qualifier):
        alias = env.resources.get(ALIAS, scope, name, qualifier)
        return None if alias is None else str(alias.document["FunctionVersion"])
    return qualifier if env.functions.current(scope, name, qualifier) is not None else None


def find_qualified(env: LambdaEnv, ref: FunctionRef) -> FunctionRecord:
    """The record of the version that a reference means, $LATEST by default.

    Raises 404: `Cannot find alias arn` for an alias's name, else `Function not found`.
    """
    qualifier = ref.qualifier or LATEST
    version = version_of(env, ref.scope, ref.name, qualifier)
    record = None if version is None else env.functions.current(ref.scope, ref.name, version)
    if record is not None:
        return record
    if is_alias(qualifier):
        raise faults.alias_not_found(ref.arn)
    raise faults.function_not_found(ref.arn)
