"""From what a caller wrote to the function that is meant."""

from typing import NamedTuple

from lambent.model import names
from lambent.model.constraints import broken
from lambent.model.function import LATEST, FunctionVersion
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults, unawaited
from lambent.services.lambda_.aliases.routing import leads_to
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.lifecycle import require_invocable
from lambent.services.lambda_.qualifiers import ALIAS, is_alias, version_of
from lambent.store.functions import Functions
from lambent.store.record import FunctionRecord
from lambent.wire.fault import Fault


def refer(scope: Scope, name: str, qualifier: str | None = None) -> FunctionRef:
    """Resolve a FunctionName and Qualifier; raises AWS's Fault for one that can't be used here."""
    try:
        return names.resolve(name, scope, qualifier)
    except names.ForeignRegion as error:
        text = f"Functions from '{error.asked}' are not reachable in this region ('{error.here}')"
        raise faults.not_found(text) from error
    except names.ForeignAccount as error:
        raise faults.not_allowed(None) from error
    except names.QualifierMismatch as error:
        text = "The derived qualifier from the function name does not match the specified qualifier."
        raise faults.invalid(text) from error
    except names.MalformedName as error:
        raise Fault(
            "ValidationException",
            broken(
                f"Value '{name}'", "functionName", f"Member must satisfy regular expression pattern: {names.PATTERN}"
            ),
            status=400,
        ) from error


def find(functions: Functions, ref: FunctionRef, shown: str | None = None) -> FunctionRecord:
    """The record meant. The 404 shows the ARN as asked for, or with the qualifier `shown`.

    Invoke and PutFunctionConcurrency show `$LATEST` when no qualifier was sent, the others none.
    """
    record = functions.current(ref.scope, ref.name, ref.version)
    if record is None:
        raise faults.function_not_found(names.function_arn(ref.scope, ref.name, ref.qualifier or shown))
    return record


def find_any(env: LambdaEnv, ref: FunctionRef) -> FunctionRecord:
    """The record of a version, or of the main version of an alias. The 404 shows the ARN as asked for."""
    version = version_of(env, ref.scope, ref.name, ref.version)
    record = version and env.functions.current(ref.scope, ref.name, version)
    if not record:
        raise faults.function_not_found(ref.arn)
    return record


def find_latest(functions: Functions, scope: Scope, name: str) -> FunctionRecord:
    """The unpublished version, for operations that change it. A qualifier in the name must be $LATEST."""
    return find(functions, refer_latest(scope, name))


def refer_latest(scope: Scope, name: str) -> FunctionRef:
    """What `find_latest` looks for, whether it is there or not. Raises Fault."""
    ref = refer(scope, name)
    if ref.qualifier not in (None, LATEST):
        raise faults.functions_only()
    return FunctionRef(scope, ref.name)


class Target(NamedTuple):
    """What is invoked, and the ARN by which the caller named it."""

    function: FunctionVersion
    arn: str


def running_version(env: LambdaEnv, caller: Caller, name: str, qualifier: str | None) -> Target:
    """What Invoke runs. Raises 404, and 409 for a function that is not active yet or could not be made."""
    ref = refer(caller.scope, name, qualifier)
    record = routed(env, ref)
    if record is None:
        raise faults.function_not_found(names.function_arn(ref.scope, ref.name, ref.version))
    require_invocable(record)
    _notice(env, record)
    return Target(record.running, ref.arn)


def running_at_once(env: LambdaEnv, ref: FunctionRef) -> Target | None:
    """The same for the short road: None where `running_version` would raise."""
    record = routed(env, ref)
    if record is None or record.configuration["State"] != "Active":
        return None
    _notice(env, record)
    return Target(record.running, ref.arn)


def _notice(env: LambdaEnv, record: FunctionRecord) -> None:
    if env.haste.young:
        unawaited.check_invocation(env, record)


def routed(env: LambdaEnv, ref: FunctionRef) -> FunctionRecord | None:
    """The version that an invocation goes to, by the weights of an alias; None if there is none.

    While an update is in progress it is what was before it.
    """
    version = ref.qualifier or LATEST
    if is_alias(version):
        alias = env.resources.get(ALIAS, ref.scope, ref.name, version)
        if alias is None:
            return None
        version = leads_to(alias.document, env.chance)
    record = env.functions.current(ref.scope, ref.name, version)
    if env.serving and record is not None and record.configuration.get("LastUpdateStatus") == "InProgress":
        return env.serving.get(record.deployment, record)
    return record
