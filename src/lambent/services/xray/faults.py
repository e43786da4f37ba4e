"""X-Ray's errors. Their texts are not documented: they are ours."""

from lambent.observe.errors import NotKept
from lambent.wire.fault import Fault


def invalid(message: str) -> Fault:
    """A request that can't be answered as it is."""
    return Fault("InvalidRequestException", message, status=400)


def too_many_rules(most: int) -> Fault:
    """As many as an account has."""
    return Fault("RuleLimitExceededException", f"An account has at most {most} sampling rules.", status=400)


def too_many_tags(most: int) -> Fault:
    """As many as a resource has."""
    return Fault("TooManyTagsException", f"A resource has at most {most} tags.", status=400)


def no_resource(arn: str) -> Fault:
    """What has no tags, since it is not there."""
    return Fault("ResourceNotFoundException", f"{arn} does not exist.", status=404, members={"ResourceName": arn})


def unsupported(what: str) -> Fault:
    """What AWS has and Lambent has not."""
    return Fault("NotImplementedException", f"Lambent does not support {what} yet.", status=501)


def broken(error: NotKept) -> Fault:
    """The traces can't be read or written now."""
    return Fault("ServiceException", f"Lambent can't read or write its traces now: {error}.", status=500)
