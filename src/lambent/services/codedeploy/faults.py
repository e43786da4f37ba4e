"""Refusals. The texts are ours where no answer of AWS is public."""

from lambent.wire.fault import Fault

ABSENT = {
    "Application": "No application found for name: {}",
    "DeploymentGroup": "No Deployment Group found for name: {}",
    "DeploymentConfig": "No Deployment Configuration found for name: {}",
    "Deployment": "The deployment {} could not be found",
    "DeploymentTarget": "The deployment target {} could not be found",
}


def absent(what: str, name: str) -> Fault:
    """400: there is none of that name."""
    return Fault(f"{what}DoesNotExistException", ABSENT[what].format(name))


def taken(what: str, name: str) -> Fault:
    """400: there is one already."""
    return Fault(f"{what}AlreadyExistsException", f"{what} already exists: {name}")


def invalid(code: str, message: str) -> Fault:
    """400 Invalid…Exception."""
    return Fault(f"Invalid{code}Exception", message)


def unsupported(what: str, why: str) -> Fault:
    """501: what AWS has and Lambent refuses, rather than ignore it."""
    return Fault("NotImplementedException", f"Lambent does not support {what} of CodeDeploy: {why}.", status=501)


def of(code: str, message: str) -> Fault:
    """400, by its own name."""
    return Fault(code, message)
