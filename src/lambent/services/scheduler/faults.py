"""Refusals, as publicly reported by callers of AWS unless a comment says otherwise."""

from lambent.wire.fault import Fault


def invalid(message: str) -> Fault:
    """400 ValidationException."""
    return Fault("ValidationException", message)


def not_built(what: str) -> Fault:
    """501 for what AWS has and this has not yet."""
    return Fault("NotImplementedException", f"Lambent does not support {what} yet.", status=501)


def no_schedule(name: str) -> Fault:
    """404 for a schedule."""
    return Fault("ResourceNotFoundException", f"Schedule {name} does not exist.")


def no_group(name: str) -> Fault:
    """404 for a group."""
    return Fault("ResourceNotFoundException", f"Schedule group {name} does not exist.")


def there_already(what: str, name: str) -> Fault:
    """409: the name is taken."""
    return Fault("ConflictException", f"{what} {name} already exists.")
