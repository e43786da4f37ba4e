"""What tags a queue may have."""

from collections.abc import Mapping

from lambent.services.sqs import faults

MOST = 50


def checked(tags: Mapping[str, str], queue: str) -> dict[str, str]:
    """All the tags of a queue. Raises Fault."""
    if len(tags) > MOST:
        raise faults.invalid(f"Too many tags added for queue {queue}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise faults.invalid(
                f"Tag key {key} is invalid: 1 to 128 characters, not beginning with aws:."
            )  # our wording
        if value is None or len(value) > 256:
            raise faults.invalid(f"The value of tag {key} is invalid: 256 characters at most.")  # our wording
    return dict(tags)
