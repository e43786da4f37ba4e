"""Entry point of the `lambent` script: a terminal, or what stands for one, in whatever state it is."""

import codecs
import errno
import os
import signal
import sys
from contextlib import suppress

from lambent.cli.terminal import guarded

ESCAPED = "lambent.escaped"
_FULL = {errno.ENOSPC, errno.EBADF, errno.EIO, errno.EFBIG, errno.EDQUOT}


def main() -> None:
    """Run the command. What can't be written is one line on stderr and exit code 1."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the command is still being loaded
    _open_streams()
    from lambent.cli.main import app
    from lambent.cli.output import error

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app(prog_name="lambent")
    except OSError as failed:
        if failed.filename is not None or failed.errno not in _FULL:
            raise
        _discard_output()
        with suppress(OSError):
            error(f"standard output can't be written: {failed.strerror}")
        sys.exit(1)


def _open_streams() -> None:
    """Descriptors that were closed fail when they are written to, rather than become some file of ours; letters that
    the encoding does not have are escaped as in JSON. A terminal gets nothing that it would obey."""
    codecs.register_error(ESCAPED, _escape)
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            _occupy(number, os.O_RDONLY if number < 2 else os.O_WRONLY)
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
        if number:
            stream.reconfigure(errors=ESCAPED)
            setattr(sys, name, guarded(stream))


def _occupy(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def _discard_output() -> None:
    """What is still in the buffer shall not fail once more when the interpreter ends."""
    _occupy(1, os.O_WRONLY)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{text[at] << 8 | text[at + 1]:04x}" for at in range(0, len(text), 2)), error.end
