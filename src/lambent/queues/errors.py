"""What is refused, as AWS words it. Texts marked "our wording" are not known from AWS.

Codes of modelled errors are their shapes' names; `wire/patches.json` has their codes in the query protocol.
Source of the texts: publicly reported answers of AWS, and the API reference (API_*.html of the SQS API reference).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lambent.store.errors import StoreError


class QueueError(Exception):
    """What a queue refuses. `code` is the error's name in the SQS API, `status` the HTTP status where it is not 400."""

    def __init__(self, code: str, message: str = "", *, status: int | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status


@contextmanager
def worded() -> Iterator[None]:
    """A disk that refuses is ServiceUnavailable, which clients try again. Our wording."""
    try:
        yield
    except StoreError as error:
        raise QueueError("ServiceUnavailable", f"The queue can't be written: {error}", status=503) from error


def no_queue() -> QueueError:
    """There is no such queue."""
    return QueueError("QueueDoesNotExist", "The specified queue does not exist.")


def bad_address(url: str) -> QueueError:
    """A queue URL that is none."""
    return QueueError("InvalidAddress", f"The address {url} is not valid for this endpoint.")


def missing(parameter: str) -> QueueError:
    """A parameter that must be there."""
    return QueueError("MissingParameter", f"The request must contain the parameter {parameter}.")


def invalid(text: str) -> QueueError:
    """A parameter whose value is wrong."""
    return QueueError("InvalidParameterValue", text)


def bad_value(value: object, parameter: str, reason: str) -> QueueError:
    """A parameter whose value is wrong, in AWS's usual form."""
    return invalid(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def unknown_attribute(name: str) -> QueueError:
    """An attribute that no queue, or no queue of that kind, has."""
    return QueueError("InvalidAttributeName", f"Unknown Attribute {name}.")


def bad_attribute(name: str) -> QueueError:
    """An attribute's value is wrong."""
    return QueueError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def bad_receipt(handle: str) -> QueueError:
    """Not a receipt handle, or one of another queue."""
    return QueueError("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')


def expired_receipt(handle: str) -> QueueError:
    """A FIFO queue takes receipts back only while they hold."""
    return bad_value(handle, "ReceiptHandle", "The receipt handle has expired.")


def not_changeable(handle: str) -> QueueError:
    """The message of a receipt is gone or was received again."""
    reason = "Message does not exist or is not available for visibility timeout change."
    return bad_value(handle, "ReceiptHandle", reason)


def not_in_flight() -> QueueError:
    """The message of a receipt is visible. Our wording."""
    return QueueError("MessageNotInflight", "The specified message is not in flight.")


def too_long_invisible(seconds: int) -> QueueError:
    """Twelve hours from the receive is the most."""
    reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]."
    return bad_value(seconds, "VisibilityTimeout", reason)


def not_for_this_type(value: object, parameter: str) -> QueueError:
    """A parameter of FIFO queues for a standard one, or the reverse."""
    return bad_value(value, parameter, "The request include parameter that is not valid for this queue type.")


def too_long(limit: int) -> QueueError:
    """A message of more bytes than its queue takes."""
    return invalid(f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.")


def bad_contents() -> QueueError:
    """Characters that XML 1.0 does not have."""
    allowed = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    return QueueError("InvalidMessageContents", f"Invalid characters found. Valid unicode characters are {allowed}")


def queue_exists(attributes: Sequence[str]) -> QueueError:
    """CreateQueue with other attributes than the queue of that name has."""
    which = ", ".join(attributes)
    return QueueError(
        "QueueNameExists", f"A queue already exists with the same name and a different value for attribute {which}"
    )


def deleted_recently() -> QueueError:
    """CreateQueue within a minute of DeleteQueue."""
    text = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    return QueueError("QueueDeletedRecently", text)


def purging(name: str) -> QueueError:
    """PurgeQueue within a minute of the last."""
    return QueueError("PurgeQueueInProgress", f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.")


def too_many_in_flight() -> QueueError:
    """The queue hands out no more until something is deleted. Our wording."""
    return QueueError("OverLimit", "The maximum number of in flight messages is reached.")


def no_resource(parameter: str) -> QueueError:
    """An ARN of no queue."""
    text = f"The resource that you specified for the {parameter} parameter doesn't exist."
    return QueueError("ResourceNotFoundException", text)


def unsupported(text: str) -> QueueError:
    """Something that the operation can't do."""
    return QueueError("UnsupportedOperation", text)
