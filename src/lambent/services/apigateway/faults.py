"""What the operations refuse.

Texts as AWS words them, where public reports and other implementations show them; the shapes are those of
https://docs.aws.amazon.com/apigateway/latest/api/CommonErrors.html.
"""

from lambent.wire.fault import Fault

CONCURRENT = "Unable to complete operation due to concurrent modification. Please try again later."


def not_found(message: str) -> Fault:
    """404."""
    return Fault("NotFoundException", message, status=404)


def bad_request(message: str) -> Fault:
    """400."""
    return Fault("BadRequestException", message, status=400)


def conflict(message: str) -> Fault:
    """409."""
    return Fault("ConflictException", message, status=409)


def no_api(account: str, api_id: str) -> Fault:
    """404 for a REST API that is not there."""
    return not_found(f"Invalid API identifier specified {account}:{api_id}")


def unbuilt(what: str) -> Fault:
    """501 for what AWS has and this has not yet."""
    return Fault("NotImplementedException", f"Lambent does not support {what} yet.", status=501)
