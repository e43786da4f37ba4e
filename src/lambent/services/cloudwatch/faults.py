"""Refusals. Texts are as publicly reported by callers of AWS unless a comment says otherwise."""

from lambent.wire.fault import Fault


def validation(message: str) -> Fault:
    """400 ValidationError."""
    return Fault("ValidationException", message)


def value(message: str) -> Fault:
    """400 InvalidParameterValue."""
    return Fault("InvalidParameterValueException", message)


def combination(message: str) -> Fault:
    """400 InvalidParameterCombination."""
    return Fault("InvalidParameterCombinationException", message)


def exclusive(one: str, other: str) -> Fault:
    """Both of two parameters of which one may be given."""
    return combination(f"The parameters {one} and {other} are mutually exclusive and you have specified both.")


def missing(parameter: str) -> Fault:
    """400 MissingParameter."""
    return Fault("MissingRequiredParameterException", f"The parameter {parameter} is required.")


def too_many(collection: str, most: int) -> Fault:
    """A list that is too long."""
    return value(f"The collection {collection} must not have a size greater than {most}.")


def bad_token() -> Fault:
    """400 InvalidNextToken."""
    return Fault("InvalidNextToken", "The service cannot process the request because the next token is invalid.")


def no_resource(kind: str, name: str) -> Fault:
    """404 ResourceNotFound."""
    return Fault("ResourceNotFound", f"{kind} {name} does not exist")


def unsupported(what: str) -> Fault:
    """501: AWS has it, Lambent refuses rather than ignore it."""
    return Fault("NotImplementedException", f"Lambent does not support {what} with cloudwatch yet.", status=501)


def unkept(reason: str) -> Fault:
    """500: the disk takes nothing."""
    return Fault("InternalServiceFault", f"Lambent can't keep or read metrics: {reason}.")
