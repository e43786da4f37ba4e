"""The header Range, as S3 takes it: one range of bytes; what it can't read is ignored.

Source: RFC 9110, section 14.2.
"""

import re

from lambent.objects import errors

_FORM = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")


def read(said: str, size: int) -> tuple[int, int] | None:
    """First byte and how many, None for all of it. Raises ObjectError InvalidRange."""
    found = _FORM.fullmatch(said)
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        length = min(_number(found[2]), size)
        if not length:
            raise errors.bad_range(said, size)
        return size - length, length
    first = _number(found[1])
    last = min(_number(found[2]), size - 1) if found[2] else size - 1
    if found[2] and _number(found[2]) < first:
        return None
    if first >= size:
        raise errors.bad_range(said, size)
    return first, last - first + 1


def _number(digits: str) -> int:
    """Any number beyond all sizes stands for those that are still greater."""
    return int(digits) if len(digits) < 20 else 10**20
