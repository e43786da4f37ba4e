"""What stacks are refused for, as CloudFormation's errors."""

from collections.abc import Mapping

from lambent.deploy import errors
from lambent.deploy.ports import Refused
from lambent.wire.fault import Fault

CODES: Mapping[type[errors.DeployError], tuple[str, int]] = {
    errors.TemplateInvalid: ("ValidationError", 400),
    errors.Unresolvable: ("ValidationError", 400),
    errors.StackMissing: ("ValidationError", 400),
    errors.CapabilityMissing: ("InsufficientCapabilitiesException", 400),
    errors.AlreadyThere: ("AlreadyExistsException", 400),
    errors.ChangeSetMissing: ("ChangeSetNotFound", 404),
    errors.WrongStatus: ("InvalidChangeSetStatus", 400),
    errors.LimitReached: ("LimitExceededException", 400),
    errors.NotBuilt: ("NotImplementedException", 501),
}


def fault_of(error: errors.DeployError) -> Fault:
    """The fault of a refusal."""
    code, status = next(found for kind, found in CODES.items() if type(error) is kind or isinstance(error, kind))
    return Fault(code, str(error), status=status)


def of_service(error: Refused) -> Fault:
    """What another service refused, asked on the way."""
    return Fault("ValidationError", f"{error.code}: {error.message}", status=400)
