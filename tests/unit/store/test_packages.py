import os
import stat
import zipfile
from pathlib import Path

import pytest
from zips import zip_entries, zip_of

from lambent.store.modes import unreadable
from lambent.store.packages import EmptyZip, NotAZip, TooLarge, unpack

FILE = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777
LIMIT = 1 << 20


def test_what_only_its_owner_reads_is_found(tmp_path: Path) -> None:
    data = zip_entries(
        [
            ("closed/", b"", stat.S_IFDIR | 0o750),
            ("closed/a.py", b"", stat.S_IFREG | 0o644),
            ("deep/er/x.py", b"x", stat.S_IFREG | 0o600),
            ("run", b"#!", stat.S_IFREG | 0o755),
            ("link", b"run", stat.S_IFLNK | 0o700),
            ("group.py", b"", stat.S_IFREG | 0o660),
        ]
    )
    unpack(data, tmp_path / "package", LIMIT)
    assert unreadable(tmp_path / "package") == ["closed", "deep/er/x.py", "group.py"]


def outside(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.name != "package")


def test_files_folders_and_modes_are_kept(tmp_path: Path) -> None:
    data = zip_entries(
        [
            ("bin/", b"", stat.S_IFDIR | 0o750),
            ("bin/run", b"#!", stat.S_IFREG | 0o755),
            ("deep/er/x.py", b"x", stat.S_IFREG | 0o600),
            ("suid", b"s", stat.S_IFREG | 0o4755),
        ]
    )
    assert unpack(data, tmp_path / "package", LIMIT) == 4
    modes = {
        str(path.relative_to(tmp_path / "package")): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "package").rglob("*")
    }
    assert modes == {
        "bin": 0o750,
        "bin/run": 0o755,
        "deep": 0o755,
        "deep/er": 0o755,
        "deep/er/x.py": 0o600,
        "suid": 0o755,
    }


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        unpack(zip_of({"a/b.py": b""}), tmp_path / "package", LIMIT)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "package").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "package/a").stat().st_mode) == 0o755


def test_a_file_without_unix_mode_is_readable(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.py": b""}))
    data[data.index(b"PK\x01\x02") + 5] = 0  # made on MS-DOS: the mode bits mean nothing
    unpack(bytes(data), tmp_path / "package", LIMIT)
    assert stat.S_IMODE((tmp_path / "package/a.py").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/etc/x", "\\x", "..\\x", "a\\..\\..\\x", "C:\\x", "c:/x", "C:x"],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotAZip):
        unpack(zip_entries([("ok.py", b"", FILE), (name, b"evil", FILE)]), tmp_path / "package", LIMIT)
    assert outside(tmp_path) == []


@pytest.mark.parametrize(
    "entries",
    [
        [("l", b"m/../..", LINK), ("m", b".", LINK)],
        [("l", b"../../etc", LINK)],
        [("a/l", b"../../x", LINK)],
        [("l", b"..", LINK), ("l/x", b"evil", FILE)],
        [("l", b"../..", LINK), ("l/m", b"x", LINK)],
        [("d/e/f/k", b"x", FILE), ("d/e/up", b"../..", LINK), ("l", b"d/e/up/..", LINK)],
        [("l", b"", LINK)],
    ],
)
def test_links_that_lead_out_are_refused(tmp_path: Path, entries: list[tuple[str, bytes, int]]) -> None:
    with pytest.raises(NotAZip):
        unpack(zip_entries([("ok.py", b"", FILE), *entries]), tmp_path / "package", LIMIT)
    assert outside(tmp_path) == []


def test_links_that_stay_inside_are_kept(tmp_path: Path) -> None:
    data = zip_entries([("lib/a.so.1", b"so", FILE), ("lib/a.so", b"a.so.1", LINK), ("b", b"lib", LINK)])
    unpack(data, tmp_path / "package", LIMIT)
    assert (tmp_path / "package/b/a.so").read_bytes() == b"so"


@pytest.mark.parametrize("target", [b"/opt/nodejs/node_modules", b"/etc/passwd", b"/"])
def test_absolute_links_are_kept_as_texts(tmp_path: Path, target: bytes) -> None:
    """They lead inside the environment, whatever is there on this machine."""
    data = zip_entries([("ok.py", b"", FILE), ("l", target, LINK), ("m", b"l/x/../../..", LINK)])
    unpack(data, tmp_path / "package", LIMIT)
    assert os.readlink(tmp_path / "package/l") == target.decode()
    assert outside(tmp_path) == []


def test_nothing_is_written_through_an_absolute_link(tmp_path: Path) -> None:
    target = tmp_path / "victim"
    target.mkdir()
    with pytest.raises(NotAZip):
        unpack(zip_entries([("l", str(target).encode(), LINK), ("l/x", b"evil", FILE)]), tmp_path / "package", LIMIT)
    assert list(target.iterdir()) == []


def test_devices_are_left_out(tmp_path: Path) -> None:
    data = zip_entries([("ok.py", b"", FILE), ("null", b"", stat.S_IFCHR | 0o666), ("p", b"", stat.S_IFIFO)])
    unpack(data, tmp_path / "package", LIMIT)
    assert [path.name for path in (tmp_path / "package").iterdir()] == ["ok.py"]


def test_the_limit_counts_what_inflates_to_the_byte(tmp_path: Path) -> None:
    assert unpack(zip_of({"a": b"0" * 600, "b": b"0" * 400}), tmp_path / "fits", 1000) == 1000
    with pytest.raises(TooLarge):
        unpack(zip_of({"a": b"0" * 600, "b": b"0" * 401}), tmp_path / "package", 1000)


def test_a_bomb_whose_header_lies_is_stopped(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a": b"0" * 5_000_000}))
    for at in (data.index(b"PK\x03\x04") + 22, data.index(b"PK\x01\x02") + 24):
        data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises((NotAZip, TooLarge)):
        unpack(bytes(data), tmp_path / "package", 1000)
    written = sum(path.stat().st_size for path in (tmp_path / "package").rglob("*"))
    assert written <= 1000


@pytest.mark.parametrize("data", [b"", zip_of({}), zip_entries([("d/", b"", stat.S_IFDIR | 0o755)])])
def test_an_empty_zip_is_named_so(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(EmptyZip):
        unpack(data, tmp_path / "package", LIMIT)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    good = zip_of({"a.py": b"hello" * 100})
    for at, data in enumerate([b"nope", good[:-30], good[:40] + b"\xff" * 20 + good[60:]]):
        with pytest.raises(NotAZip):
            unpack(data, tmp_path / str(at), LIMIT)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.py": b"x"}))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(NotAZip):
        unpack(bytes(data), tmp_path / "package", LIMIT)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_two_entries_of_one_name_counts(tmp_path: Path) -> None:
    unpack(zip_entries([("a", b"1", FILE), ("a", b"2", FILE)]), tmp_path / "package", LIMIT)
    assert (tmp_path / "package/a").read_bytes() == b"2"


def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAZip):
        unpack(zip_entries([("a", b"1", FILE), ("a/b", b"2", FILE)]), tmp_path / "package", LIMIT)


def test_a_name_too_long_for_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAZip):
        unpack(zip_of({"a" * 300: b""}), tmp_path / "package", LIMIT)


def test_stored_entries_unpack_too(tmp_path: Path) -> None:
    data = zip_entries([("a", b"plain", FILE)], zipfile.ZIP_STORED)
    assert unpack(data, tmp_path / "package", LIMIT) == 5
