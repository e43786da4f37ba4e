"""Filter expressions that come with a request."""

from lambent.engine.traces import filter as expressions
from lambent.engine.traces.filter import Expression
from lambent.services.xray import faults


def read(text: str | None) -> Expression | None:
    """The expression; None where there is none. Raises Fault."""
    if not text or not text.strip():
        return None
    try:
        return expressions.read(text)
    except expressions.Invalid as error:
        raise faults.invalid(f"Invalid filter expression: {error}.") from error
    except expressions.Unbuilt as error:
        raise faults.unsupported(f"the keyword {error} in filter expressions") from error
