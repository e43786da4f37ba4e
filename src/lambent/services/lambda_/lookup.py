"""From what a caller wrote to the function that is meant."""

from dataclasses import dataclass

from lambent.model import names
from lambent.model.function import LATEST, FunctionVersion
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lifecycle import require_invocable
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
        raise Fault("AccessDeniedException", None, status=403) from error
    except names.QualifierMismatch as error:
        text = "The derived qualifier from the function name does not match the specified qualifier."
        raise faults.invalid(text) from error
    except names.MalformedName as error:
        raise Fault(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {names.PATTERN}",
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


def find_latest(functions: Functions, scope: Scope, name: str) -> FunctionRecord:
    """The unpublished version, for operations that change it. A qualifier in the name must be $LATEST."""
    ref = refer(scope, name)
    if ref.qualifier not in (None, LATEST):
        # Wording of our own: no recorded answer shows an update through a version's ARN.
        raise faults.invalid("This operation is permitted on $LATEST only: send the name without a qualifier.")
    return find(functions, FunctionRef(scope, ref.name))


@dataclass(frozen=True, slots=True)
class Target:
    """What is invoked, and the ARN by which the caller named it."""

    function: FunctionVersion
    arn: str


def running_version(env: LambdaEnv, caller: Caller, name: str, qualifier: str | None) -> Target:
    """What Invoke runs. Raises 404, and 409 for a function that is not active yet or could not be made."""
    ref = refer(caller.scope, name, qualifier)
    record = find(env.functions, ref, LATEST)
    require_invocable(record)
    return Target(record.running, ref.arn)
