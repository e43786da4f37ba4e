"""What an archive that somebody else wrote may do: nothing outside the folder, no link where the server looks."""

import io
import tarfile
from pathlib import Path
from typing import IO

import pytest

from lambent.server import state_archive, states
from lambent.settings import StartError

NAMES = ("state.db", "logs", "blobs", "layers", "images", "efs")


def archive(*members: tuple[str, bytes, str]) -> IO[bytes]:
    """(name, type, content or where it leads)."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as made:
        for name, kind, said in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o4755
            if kind == tarfile.REGTYPE:
                member.size = len(said)
                made.addfile(member, io.BytesIO(said.encode()))
            else:
                member.linkname = said
                made.addfile(member)
    content.seek(0)
    return content


FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def test_packages_come_back_with_their_links_and_without_set_uid_bits(tmp_path: Path) -> None:
    state_archive.unpack(
        archive(
            ("blobs/d1/modules", LINK, "/opt/nodejs/node_modules"),
            ("blobs/d1", FOLDER, ""),
            ("blobs/d1/a.py", FILE, "a"),
            ("blobs/d1/b.py", HARD, "blobs/d1/a.py"),
            ("blobs/d1/up", LINK, "../../../.."),
        ),
        tmp_path,
        NAMES,
    )
    package = tmp_path / "blobs/d1"
    assert str((package / "modules").readlink()) == "/opt/nodejs/node_modules"
    assert str((package / "up").readlink()) == "../../../.."
    assert (package / "b.py").read_text() == "a"
    assert (package / "a.py").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    "members",
    [
        [("../x", FILE, "")],
        [("/etc/x", FILE, "")],
        [("logs/../../x", FILE, "")],
        [("other", FILE, "")],
        [("logs", LINK, "/etc")],
        [("logs/a/b/c", LINK, "/etc")],
        [("blobs/d1", LINK, "/root")],
        [("images/d1/root", LINK, "/")],
        [("efs/a", LINK, "/root")],
        [("state.db", LINK, "/etc/passwd")],
        [("blobs/d1/a", LINK, "/etc"), ("blobs/d1/a/cron", FILE, "x")],
        [("blobs/d1/a/cron", FILE, "x"), ("blobs/d1/a", LINK, "/etc")],
        [("blobs/d1/./a", LINK, "/etc"), ("blobs/d1/a", FILE, "x")],
        [("blobs/d1/a", LINK, "/etc/passwd"), ("logs/b", HARD, "blobs/d1/a")],
        [("logs/b", HARD, "/etc/passwd")],
        [("blobs/d1/a", HARD, "state.db")],
        [("blobs/d1/a", FILE, ""), ("efs/fs/a", HARD, "blobs/d1/a")],
        [("logs/pipe", tarfile.FIFOTYPE, "")],
        [("logs/device", tarfile.CHRTYPE, "")],
    ],
)
def test_anything_else_is_refused_before_a_file_is_written(
    tmp_path: Path, members: list[tuple[str, bytes, str]]
) -> None:
    with pytest.raises(StartError):
        state_archive.unpack(archive(("state.db", FILE, "x"), *members), tmp_path, NAMES)
    assert list(tmp_path.iterdir()) == []


def test_a_link_longer_than_a_path_leads_nowhere(tmp_path: Path) -> None:
    """CVE-2025-4517: `realpath` gives up in the middle, and takes what is left for a way that stays inside."""
    long, way, members = "d" * 247, "blobs/d1", list[tuple[str, bytes, str]]()
    for step in "abcdefghijklmnop":
        members += [(f"{way}/{long}", FOLDER, ""), (f"{way}/{step}", LINK, long)]
        way = f"{way}/{long}"
    short = "blobs/d1/" + "/".join("abcdefghijklmnop")
    members += [
        (f"{short}/{'l' * 254}", LINK, "../" * 16),
        ("blobs/d1/out", LINK, f"{short.removeprefix('blobs/d1/')}/{'l' * 254}/../../../../outside"),
        ("blobs/d1/out/file", FILE, "x"),
    ]
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    with pytest.raises(StartError):
        state_archive.unpack(archive(*members), folder, NAMES)
    assert list(outside.iterdir()) == []


def test_more_than_the_disk_has_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 3}))
    with pytest.raises(StartError, match="disk"):
        state_archive.unpack(archive(("state.db", FILE, "long")), tmp_path, NAMES)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    member = tarfile.TarInfo("state.db")
    member.type, member.size = tarfile.XHDTYPE, 4 << 30
    with pytest.raises(StartError, match="4294967296 bytes"):
        state_archive.unpack(io.BytesIO(member.tobuf() + bytes(1 << 20)), tmp_path, NAMES)


def test_files_without_end_are_not_listed(tmp_path: Path) -> None:
    members = [(f"logs/{number}", FILE, "") for number in range(4)]
    with pytest.raises(StartError, match="more than 3 files"):
        state_archive.unpack(archive(*members), tmp_path, NAMES, most=3)
    state_archive.unpack(archive(*members[1:]), tmp_path, NAMES, most=3)


@pytest.mark.parametrize("said", [{"mtime": "1e300"}, {"mtime": "nan"}, {"path": "blobs/a\0b"}, {"size": "9" * 20}])
def test_numbers_and_names_that_no_disk_has_are_an_error_of_one_line(tmp_path: Path, said: dict[str, str]) -> None:
    saved = tmp_path / "saved"
    with tarfile.open(saved, mode="w:gz", format=tarfile.PAX_FORMAT) as made:
        member = tarfile.TarInfo("state.db")
        member.pax_headers = said
        made.addfile(member)
    with pytest.raises(StartError, match=str(saved)):
        states.load(tmp_path / "data", saved)
    assert list(tmp_path.iterdir()) == [saved]
