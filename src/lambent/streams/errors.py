"""What a stream refuses. Codes are the names of Kinesis' errors.

Texts: publicly reported answers of AWS where not marked "our wording".
"""

from lambent.model.constraints import NOT_NULL, NULL, broken


class StreamError(Exception):
    """`code` is the error's name in the Kinesis API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def no_stream(name: str, account: str) -> StreamError:
    """There is no such stream."""
    return StreamError("ResourceNotFoundException", f"Stream {name} under account {account} not found.")


def no_such_shard(shard: str, name: str, account: str) -> StreamError:
    """A change names a shard that the stream does not have."""
    text = f"Could not find shard {shard} in stream {name} under account {account}."
    return StreamError("ResourceNotFoundException", text)


def denied(arn: str, who: str) -> StreamError:
    """Another account's stream. Our wording: AWS names the action, too."""
    text = f"User: {who} is not authorized to access resource: {arn} because no resource-based policy allows it"
    return StreamError("AccessDeniedException", text)


def no_shard(shard: str, name: str, account: str) -> StreamError:
    """A reader names a shard that the stream does not have."""
    text = f"Shard {shard} in stream {name} under account {account} does not exist"
    return StreamError("ResourceNotFoundException", text)


def exists(name: str, account: str) -> StreamError:
    """CreateStream with a name that is taken."""
    return StreamError("ResourceInUseException", f"Stream {name} under account {account} already exists.")


def not_active(name: str, account: str, status: str) -> StreamError:
    """A change while another is under way."""
    text = f"Stream {name} under account {account} not ACTIVE, instead in state {status}"
    return StreamError("ResourceInUseException", text)


def too_fast(shard: str, name: str, account: str) -> StreamError:
    """More than a shard takes or gives in a second."""
    text = f"Rate exceeded for shard {shard} in stream {name} under account {account}."
    return StreamError("ProvisionedThroughputExceededException", text)


def invalid(text: str) -> StreamError:
    """An argument whose value is wrong."""
    return StreamError("InvalidArgumentException", text)


def in_use(text: str) -> StreamError:
    """What is asked for can't be done to what is there as it is now."""
    return StreamError("ResourceInUseException", text)


def limit(text: str) -> StreamError:
    """More than an account or a stream may have."""
    return StreamError("LimitExceededException", text)


def not_found(text: str) -> StreamError:
    """There is no such thing."""
    return StreamError("ResourceNotFoundException", text)


def validation(text: str) -> StreamError:
    """What AWS's validator refuses for reasons that are not in the model."""
    return StreamError("ValidationException", text)


def missing(path: str) -> StreamError:
    """A member that the model lets be absent and that is needed all the same."""
    return validation(broken(NULL, path, NOT_NULL))


def unsupported(member: str) -> StreamError:
    """A member that has no effect here is refused by name, never ignored."""
    return StreamError("NotImplementedException", f"Lambent does not support {member} of Kinesis yet.")
