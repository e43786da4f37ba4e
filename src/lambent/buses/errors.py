"""What EventBridge refuses. Codes are the names of its errors.

Texts: publicly reported answers of AWS where not marked "our wording".
"""

from lambent.engine.authorisation import resource


class BusError(Exception):
    """`code` is the error's name in the EventBridge API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def validation(text: str) -> BusError:
    """What AWS's validator refuses for reasons that are not in the model."""
    return BusError("ValidationException", text)


def not_found(text: str) -> BusError:
    """There is no such thing."""
    return BusError("ResourceNotFoundException", text)


def exists(text: str) -> BusError:
    """The name is taken."""
    return BusError("ResourceAlreadyExistsException", text)


def unsupported(what: str) -> BusError:
    """What has no effect here is refused by name, never ignored."""
    return BusError("NotImplementedException", f"Lambent does not support {what} of EventBridge yet.")


def no_bus(name: str) -> BusError:
    """There is no such bus."""
    return not_found(f"Event bus {name} does not exist.")


def no_rule(name: str, bus: str) -> BusError:
    """There is no such rule."""
    return not_found(f"Rule {name} does not exist on EventBus {bus}.")


def bad_pattern(reason: str) -> BusError:
    """A text that is no event pattern."""
    return BusError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


def denied(who: str, action: str, arn: str) -> BusError:
    """Another account's bus, which does not let the caller in."""
    return BusError("AccessDeniedException", resource.not_let_in(who, action, arn))
