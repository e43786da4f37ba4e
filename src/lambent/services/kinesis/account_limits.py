"""What an account has at most.

Source: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from lambent.model.scope import Scope
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams import errors
from lambent.streams.config import ON_DEMAND

ON_DEMAND_STREAMS = 50
"""Of an account in a region."""


def check_room(env: KinesisEnv, scope: Scope) -> None:
    """Raise StreamError when no more streams can be on demand."""
    if sum(one.mode == ON_DEMAND for one in env.registry.all(scope)) >= ON_DEMAND_STREAMS:
        raise errors.limit(f"No more than {ON_DEMAND_STREAMS} streams can be in on-demand mode.")  # our wording
