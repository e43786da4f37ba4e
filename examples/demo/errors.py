"""What the demo says when something is not as it should be."""


class DemoError(Exception):
    """One line for the reader; the demo ends with exit code 1."""


def check(holds: bool, otherwise: str) -> None:
    """Raises DemoError with `otherwise` unless it holds."""
    if not holds:
        raise DemoError(otherwise)
