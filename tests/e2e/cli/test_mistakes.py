"""Typical mistakes, as data: what is typed, and what is said of it, which names the cause and what to do."""

import platform
import re
import shlex
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lambent.cli.main import app
from tests.e2e.conftest import Server

MISTAKES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text("utf-8"))["mistake"]
OTHER = 183 if platform.machine() == "x86_64" else 62
"""ELF's number of the other machine (elf(5))."""
CONTENTS = {
    "7 MB": b'"' + b"x" * (7 << 20) + b'"',
    "ELF of a foreign machine": b"\x7fELF" + bytes(12) + struct.pack("<HH", 3, OTHER) + bytes(44),
}
"""What is not written out in the data."""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name.rstrip("*-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENTS.get(text, text.encode()))
        path.chmod({"*": 0o755, "-": 0o600}.get(name[-1], 0o644))


def test_there_are_as_many_as_were_tried_and_each_is_another() -> None:
    assert len({one["name"] for one in MISTAKES}) == len(MISTAKES) >= 32


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one["name"].replace(" ", "-"))
def test_a_mistake_is_answered_with_its_cause(
    mistake: dict[str, Any], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = MISTAKES.index(mistake)
    words = {
        "DIR": f"mistake-{number}", "NAME": f"mistake-{number}", "PORT": server.endpoint.rpartition(":")[2],
        "DATA": str(server.data_dir),
    }  # fmt: skip
    write(tmp_path / words["DIR"], mistake.get("files", {}))
    monkeypatch.chdir(tmp_path)
    own = {"AWS_ENDPOINT_URL": server.endpoint, "HOME": str(tmp_path), "TERM": "dumb", "COLUMNS": "200"}
    runner = CliRunner(env=dict.fromkeys(("AWS_PROFILE", "LAMBENT_PORT")) | own | mistake.get("env", {}))
    for line in mistake["type"]:
        last = line == mistake["type"][-1]
        done = runner.invoke(app, [_filled(word, words) for word in shlex.split(line)])
        assert done.exit_code == 0 or last, done.output
    said = " ".join(done.output.replace("│", " ").split())
    assert _filled(mistake["says"], words) in said
    assert (done.exit_code == 0) == mistake.get("warns", False), said
    assert "/lambent/" not in said, "a traceback of ours"
    assert done.exception is None or isinstance(done.exception, SystemExit)


def _filled(text: str, words: dict[str, str]) -> str:
    """With the words in capitals replaced; those that a message has itself stay."""
    for word, value in words.items():
        text = re.sub(rf"(?<!-t )\b{word}\b", value, text)
    return text
