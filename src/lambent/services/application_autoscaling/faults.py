"""Refusals. Texts are as publicly reported by callers of AWS unless a comment says otherwise."""

from lambent.wire.fault import Fault


def invalid(message: str) -> Fault:
    """400 ValidationException."""
    return Fault("ValidationException", message)


def unsupported(setting: str) -> Fault:
    """A setting that AWS has and Lambent refuses, rather than ignore it."""
    return invalid(f"{setting} is not supported by Lambent yet; it would have no effect here, so it is refused.")


def not_found(what: str, resource_id: str, named: str = "") -> Fault:
    """400 ObjectNotFoundException."""
    where = f"service namespace: lambda, resource ID: {resource_id}"
    dimension = "scalable dimension: lambda:function:ProvisionedConcurrency"
    return Fault("ObjectNotFoundException", f"No {what} found for {where}, {dimension}{named}")
