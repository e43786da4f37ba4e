"""When a secret is rotated next.

Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html. A rotation begins with
its window: AWS begins it some time within.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lambent.engine.schedule import next_after, parse

ROTATION = "secret-rotation"
"""The kind under which a secret's rotation is stored, by the secret's ARN."""
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html"""


def next_rotation(rules: Mapping[str, Any], last: float) -> float | None:
    """After one at `last`; both are seconds since 1970. None for never. Raises Invalid for what is no expression."""
    then = datetime.fromtimestamp(last, UTC)
    if rules.get("ScheduleExpression"):
        due = next_after(parse(rules["ScheduleExpression"], any_plural=True), then, then)
        return due.timestamp() if due is not None and due > then else None
    if rules.get("AutomaticallyAfterDays"):
        return (then + timedelta(days=rules["AutomaticallyAfterDays"])).timestamp()
    return None
