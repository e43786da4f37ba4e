"""How much of a log group stays on disk: AWS keeps what a function floods its log with for ever and sends the bill.

In the store's thread. What is dropped is the oldest: half of what may be kept goes at once, so that a flood without
end is copied once for each time that it is written.
"""

import contextlib

from lambent.observe.logindex import Group

GROUP_BYTES = 1 << 30
"""What a group may hold, unless the setting log_mb says otherwise."""


def trim(groups: list[Group], most: int) -> list[Group]:
    """Bring each group that holds more than `most` bytes down to half of that; those of which something was dropped.

    Blocks, for as long as copying half of `most` takes.
    """
    return [group for group in groups if _trim(group, most)]


def _trim(group: Group, most: int) -> bool:
    streams = [stream for stream in list(group.streams.values()) if stream.file.size]
    excess = sum(stream.file.size for stream in streams) - most
    if excess <= 0:
        return False
    excess += most // 2
    for stream in sorted(streams, key=lambda one: one.file.last or 0):
        size = stream.file.size
        with contextlib.suppress(OSError):  # a full disk: nothing is cut now
            stream.file.cut(excess)
        excess -= size
        if excess <= 0:
            break
    return True
