"""Ids that nobody can guess. Random bytes are fetched in blocks: a system call for each costs more than the id."""

import os

BLOCK = 256
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_waiting: list[str] = []
os.register_at_fork(after_in_child=_waiting.clear)  # else both had the same ids


def _digits() -> str:
    """32 random hex digits; from any thread, since `pop` hands each out once."""
    try:
        return _waiting.pop()
    except IndexError:
        block = os.urandom(16 * BLOCK).hex()
        _waiting.extend(block[at : at + 32] for at in range(32, len(block), 32))
        return block[:32]


def new_uuid() -> str:
    """A random UUID (RFC 9562, section 5.4), as AWS's request ids are."""
    digits = _digits()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"


def new_span() -> str:
    """16 random hex digits, as the segments of traces have them."""
    return _digits()[:16]
