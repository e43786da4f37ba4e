"""What the store raises, as AWS words it."""

from collections.abc import Iterator
from contextlib import contextmanager

from lambent.observe.logindex import GroupExists, NoSuchGroup, NoSuchStream, StreamExists
from lambent.observe.logread import BadToken
from lambent.wire.fault import Fault

WORDED: dict[type[Exception], tuple[str, str]] = {
    NoSuchGroup: ("ResourceNotFoundException", "The specified log group does not exist."),
    NoSuchStream: ("ResourceNotFoundException", "The specified log stream does not exist."),
    GroupExists: ("ResourceAlreadyExistsException", "The specified log group already exists"),
    StreamExists: ("ResourceAlreadyExistsException", "The specified log stream already exists"),
    BadToken: ("InvalidParameterException", "The specified nextToken is invalid."),
}


@contextmanager
def worded() -> Iterator[None]:
    """Turns the store's exceptions into faults; a disk that refuses is ServiceUnavailableException."""
    try:
        yield
    except tuple(WORDED) as error:
        raise Fault(*WORDED[type(error)]) from error
    except OSError as error:
        raise Fault("ServiceUnavailableException", f"The log store can't write: {error.strerror}.") from error


def invalid(message: str) -> Fault:
    """A parameter whose value is wrong."""
    return Fault("InvalidParameterException", message)


def unsupported(parameter: str) -> Fault:
    """A parameter, or a value of it, that AWS takes and Lambent does not."""
    return invalid(f"Lambent does not support {parameter} yet.")
