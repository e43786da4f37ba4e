"""How long an idle environment is kept, what `Pools` draws for each; and when it is frozen."""

import math
import random
from collections.abc import Callable

AWS_SECONDS = (300.0, 900.0)
"""AWS promises nothing; environments are seen to be recycled after 5 to 15 idle minutes."""
RANDOM, NEVER = "random", "never"


def keep_alive(setting: str | int, chance: random.Random) -> Callable[[], float]:
    """What draws the seconds: `setting` is a number of them (0: none is kept), "never", or "random" as on AWS."""
    if setting == RANDOM:
        return lambda: chance.uniform(*AWS_SECONDS)
    if setting == NEVER:
        return lambda: math.inf
    seconds = float(setting)
    return lambda: seconds


def freeze_grace(setting: str | int) -> float:
    """Seconds after an invocation until an environment is frozen: `setting` is milliseconds, or "never"."""
    return math.inf if setting == NEVER else float(setting) / 1000
