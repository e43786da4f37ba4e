"""What a terminal is given: text alone. Log lines, names and answers are strangers', and it obeys what is in them.

Sequences move its cursor, wipe what was said before, set its title, and with some terminals its clipboard or its keys;
letters that turn the direction of writing show a line as something else. Colours are left, but for what hides text.
Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://trojansource.codes (CVE-2021-42574)
"""

import io
import re
from typing import TextIO

_UNWANTED = re.compile(
    r"(?P<colour>\x1b\[(?!(?:[0-9;]*;)?0*8[;m])[0-9;]{0,32}m)"
    r"|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def harmless(text: str) -> str:
    """The text with everything that a terminal would obey written out, as `\\x1b`; new lines and tabs are left."""
    return _UNWANTED.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    return found["colour"] or ascii(found[0])[1:-1]


class Terminal(io.TextIOWrapper):
    """A terminal's stream, on which only what is harmless is written."""

    def write(self, text: str, /) -> int:
        """As the base class's: how many letters it was asked to write."""
        super().write(harmless(text))
        return len(text)


def guarded(stream: TextIO) -> TextIO:
    """The stream itself, or what stands for it where it is a terminal: then `stream` is of no use any more."""
    if not isinstance(stream, io.TextIOWrapper) or not stream.isatty():
        return stream
    encoding, errors = stream.encoding, stream.errors
    return Terminal(stream.detach(), encoding=encoding, errors=errors, line_buffering=True)
