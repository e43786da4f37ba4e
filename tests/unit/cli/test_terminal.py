"""A terminal gets text from strangers, and nothing that it would obey."""

import os
import pty
import sys
from pathlib import Path

import pytest

from lambent.cli.terminal import guarded, harmless


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("Größe 漢字 👩\u200d💻", "Größe 漢字 👩\u200d💻"),
        ("\x1b[31mred\x1b[0m \x1b[1;32;40mgreen\x1b[m", "\x1b[31mred\x1b[0m \x1b[1;32;40mgreen\x1b[m"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b]52;c;AAAA\x1b\\", "\\x1b]52;c;AAAA\\x1b\\"),
        ("\x9b2J\x90q\x9c", "\\x9b2J\\x90q\\x9c"),
        ("\x1b[8mhidden", "\\x1b[8mhidden"),
        ("\x1b[1;8mhidden", "\\x1b[1;8mhidden"),
        ("\x1b[08;1mhidden", "\\x1b[08;1mhidden"),
        ("\x1b[38;5;18mblue", "\x1b[38;5;18mblue"),
        ("of Windows\r\n", "of Windows\r\n"),
        ("kept\rforged", "kept\\rforged"),
        ("a\b\b\x00\x7f", "a\\x08\\x08\\x00\\x7f"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("\x1b\x1b[31m", "\\x1b\x1b[31m"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(said: str, shown: str) -> None:
    assert harmless(said) == shown


def test_a_terminal_is_guarded() -> None:
    above, below = pty.openpty()
    with guarded(open(below, "w", encoding="utf-8")) as stream:
        assert stream.write("\x1b[2J") == 4
        stream.write("x\n")
        stream.writelines(["\x07", "\n"])
        assert stream.isatty()
        shown = b""
        while not shown.endswith(b"\n\\x07\r\n"):
            shown += os.read(above, 100)
    os.close(above)
    assert shown == b"\\x1b[2Jx\r\n\\x07\r\n"


def test_a_file_gets_what_was_said(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w", encoding="utf-8") as stream:
        assert guarded(stream) is stream
    assert guarded(sys.stdout) is sys.stdout or sys.stdout.isatty()
