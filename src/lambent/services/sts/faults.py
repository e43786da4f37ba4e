"""Refusals, with the texts of the API reference and as callers of AWS report them."""

from lambent.wire.fault import Fault


def invalid(message: str) -> Fault:
    """400 ValidationError."""
    return Fault("ValidationError", message, status=400)


def malformed(message: str) -> Fault:
    """400: a session's policy."""
    return Fault("MalformedPolicyDocument", message, status=400)


def too_large(size: int, most: int) -> Fault:
    """400: a session's policy is too long."""
    text = f"Packed policy consumes {size * 100 // most}% of allotted space, please use smaller policy."
    return Fault("PackedPolicyTooLarge", text, status=400)


def denied(text: str) -> Fault:
    """403 AccessDenied."""
    return Fault("AccessDenied", text, status=403)


def bad_token(text: str) -> Fault:
    """400: a web identity's token."""
    return Fault("InvalidIdentityToken", text, status=400)


def old_token() -> Fault:
    """400: a web identity's token has expired."""
    return Fault("ExpiredTokenException", "Token expired", status=400)


def not_built(what: str) -> Fault:
    """501: what AWS takes and nothing is done with here."""
    return Fault("NotImplementedException", f"Lambent does not support {what} yet.", status=501)
