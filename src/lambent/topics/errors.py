"""What topics refuse, in AWS's words where they are known.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and its kin for the codes; the texts as callers of
AWS report them.
"""


class TopicError(Exception):
    """A refusal: `code` is the name of the model's error."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(what: str, reason: str = "") -> TopicError:
    """A parameter that can't be so."""
    return TopicError("InvalidParameterException", f"Invalid parameter: {what}{f' Reason: {reason}' if reason else ''}")


def bad_value(text: str) -> TopicError:
    """A message attribute that can't be so."""
    return TopicError("InvalidParameterValueException", text)


def no_topic() -> TopicError:
    """No such topic."""
    return TopicError("NotFoundException", "Topic does not exist")


def no_subscription() -> TopicError:
    """No such subscription."""
    return TopicError("NotFoundException", "Subscription does not exist")


def not_built(what: str) -> TopicError:
    """What AWS takes and nothing is done with here."""
    return TopicError("NotImplementedException", f"Lambent does not support {what} yet.", 501)
