"""What tags a queue may have."""

from collections.abc import Mapping

from lambent.queues import errors

MOST = 50
STACKS = "aws:cloudformation:"
"""What a stack's tags begin with; they don't count."""


def checked(
    tags: Mapping[str, str], queue: str, own: bool = False, kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All the tags of a queue, with those that are `kept`; `own` callers may give AWS's. Raises QueueError."""
    found = {**(kept or {}), **tags}
    if sum(not key.startswith(STACKS) for key in found) > MOST:
        raise errors.invalid(f"Too many tags added for queue {queue}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or (not own and key.lower().startswith("aws:")):
            raise errors.invalid(
                f"Tag key {key} is invalid: 1 to 128 characters, not beginning with aws:."
            )  # our wording
        if value is None or len(value) > 256:
            raise errors.invalid(f"The value of tag {key} is invalid: 256 characters at most.")  # our wording
    return found
