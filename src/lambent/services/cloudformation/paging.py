"""Lists page by page."""

from typing import Any

from lambent.deploy.errors import TemplateInvalid

SIZE = 100


def page(name: str, items: list[Any], token: str | None) -> dict[str, Any]:
    """One page of a list, after the item that a token names by its number."""
    try:
        start = int(token) if token else 0
    except ValueError:
        raise TemplateInvalid("The specified NextToken is not valid.") from None  # our wording
    more = str(start + SIZE) if start + SIZE < len(items) else None
    return {name: items[start : start + SIZE], "NextToken": more}
