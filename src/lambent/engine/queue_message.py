"""A message as its queue sees it: everything but what it says."""

import enum
from dataclasses import dataclass


class Place(enum.Enum):
    """Where a message is."""

    __hash__ = object.__hash__

    DELAYED = "delayed"
    READY = "ready"
    IN_FLIGHT = "in_flight"


@dataclass(slots=True, eq=False)
class Message:
    """Times are seconds since 1970.

    `seq` orders all messages of a server. `visible` is when it turns READY, `receives` how often it was received,
    `first` and `taken` when that was first and last (0.0: never), `group` its message group ("" for none).
    """

    seq: int
    sent: float
    group: str = ""
    visible: float = 0.0
    receives: int = 0
    first: float = 0.0
    taken: float = 0.0
    place: Place = Place.READY
