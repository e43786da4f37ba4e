"""Refusals, in words of our own unless a comment says otherwise."""

from lambent.wire.fault import Fault


def invalid(message: str) -> Fault:
    """400."""
    return Fault("InvalidRequestException", message, status=400)


def unreadable(message: str) -> Fault:
    """400: the statement."""
    return Fault("SqlParseException", message, status=400)


def not_built(what: str) -> Fault:
    """501 for what AWS has and this has not yet."""
    return Fault("NotImplementedException", f"Lambent does not support {what} yet.", status=501)


def no_rule(arn: str) -> Fault:
    """401 for a rule that is not there, as users of AWS have reported it."""
    return Fault("UnauthorizedException", f"Access to topic rule '{arn.rpartition('/')[2]}' was denied", status=401)


def there_already(arn: str) -> Fault:
    """409: the name is taken."""
    text = f"Rule already exists with the given name: {arn.rpartition('/')[2]}"
    return Fault("ResourceAlreadyExistsException", text, status=409)
