"""Layers of images that strangers made."""

import contextlib
import io
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_kit import entry, layer, layer_of

from lambent.store.image_layers import ImageError, ImageTooLarge, Root, resolve

MB = 1 << 20


def unpack(folder: Path, *layers: bytes, limit: int = MB) -> Root:
    (folder / "root").mkdir()
    root = Root(folder / "root", limit)
    for one in layers:
        root.apply(io.BytesIO(one))
    root.finish()
    return root


def tree(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted((folder / "root").rglob("*")):
        name = str(path.relative_to(folder / "root"))
        if path.is_symlink():
            found[name] = f"->{os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_text()
        elif not any(path.iterdir()):
            found[name + "/"] = ""
    return found


def test_later_layers_replace_and_hide(tmp_path: Path) -> None:
    unpack(
        tmp_path,
        layer_of({"a": "1", "b": "1", "d/x": "1", "d/y": "1", "folder/in": "1"}),
        layer_of({"./a": "2", ".wh.b": "", "d/.wh.x": "", "folder": "file", "/abs": "1"}),
    )
    assert tree(tmp_path) == {"a": "2", "abs": "1", "d/y": "1", "folder": "file"}


def test_an_opaque_folder_keeps_what_its_own_layer_brings(tmp_path: Path) -> None:
    unpack(
        tmp_path,
        layer_of({"d/old": "1", "d/sub/old": "1", "e/kept": "1"}),
        layer_of({"d/new": "2", "d/sub/new": "2", "d/.wh..wh..opq": "", "d/late": "2"}),
    )
    assert tree(tmp_path) == {"d/late": "2", "d/new": "2", "d/sub/new": "2", "e/kept": "1"}


def test_links_are_kept_as_they_are(tmp_path: Path) -> None:
    unpack(tmp_path, layer_of({"bin": "->usr/bin", "etc/x": "->/usr/share/x", "up": "->../../../etc/passwd"}))
    assert tree(tmp_path) == {"bin": "->usr/bin", "etc/x": "->/usr/share/x", "up": "->../../../etc/passwd"}


def test_links_in_the_way_lead_to_places_in_the_image(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    unpack(
        tmp_path,
        layer_of({"usr/bin/": "", "bin": "->/usr/bin", "abs": f"->{outside}", "up": "->../../../../../esc"}),
        layer_of({"bin/sh": "shell", "abs/x": "1", "up/y": "1"}),
    )
    found = tree(tmp_path)
    assert found["usr/bin/sh"] == "shell"
    assert found["esc/y"] == "1"
    assert found[f"{str(outside).lstrip('/')}/x"] == "1"
    assert list(outside.iterdir()) == []


def test_hard_links(tmp_path: Path) -> None:
    first = layer([(entry("a"), b"1"), (entry("b", tarfile.LNKTYPE, "a"), b"")])
    unpack(tmp_path, first, layer([(entry("c", tarfile.LNKTYPE, "/a"), b"")]))
    assert tree(tmp_path) == {"a": "1", "b": "1", "c": "1"}
    assert (tmp_path / "root/a").stat().st_nlink == 3


@pytest.mark.parametrize("target", ["none", "../../etc/passwd", "link", "folder", ""])
def test_a_hard_link_to_anything_else_is_refused(tmp_path: Path, target: str) -> None:
    files = layer_of({"folder/": "", "link": "->/etc/passwd"})
    with pytest.raises(ImageError):
        unpack(tmp_path, files, layer([(entry("l", tarfile.LNKTYPE, target), b"")]))


def test_devices_pipes_and_set_uid_bits_are_left_out_and_noted(tmp_path: Path) -> None:
    root = unpack(
        tmp_path,
        layer([
            (entry("dev/null", tarfile.CHRTYPE), b""),
            (entry("dev/sda", tarfile.BLKTYPE), b""),
            (entry("pipe", tarfile.FIFOTYPE), b""),
            (entry("su", mode=0o4755), b"x"),
            (entry("tmp", tarfile.DIRTYPE, mode=0o1777), b""),
        ]),
    )  # fmt: skip
    assert root.notes == {"devices and pipes left out": 3, "set-uid and set-gid bits dropped": 1}
    assert stat.S_IMODE((tmp_path / "root/su").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "root/tmp").stat().st_mode) == 0o1777
    assert not (tmp_path / "root/pipe").exists()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "a/..", ".wh...", ".wh..", "a/.wh."])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError):
        unpack(tmp_path, layer([(entry("a", tarfile.DIRTYPE), b""), (entry(name), b"x")]))
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_a_round_of_links_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="too many symbolic links"):
        unpack(tmp_path, layer_of({"a": "->b", "b": "->a", "a/x": "1"}))


def test_a_file_in_the_way_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"not a folder|can't be unpacked"):
        unpack(tmp_path, layer_of({"a": "1"}), layer_of({"a/b/c": "1"}))


def test_bytes_are_counted_as_they_come(tmp_path: Path) -> None:
    with pytest.raises(ImageTooLarge):
        unpack(tmp_path, layer_of({"a": "x" * 600, "b": "x" * 600}), limit=1000)


@pytest.mark.parametrize("data", [b"\x1f\x8bgarbage", b"garbage" * 100, layer_of({"a": "x" * 2000})[:900]])
def test_what_is_no_layer_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ImageError):
        unpack(tmp_path, data)


NAMES = st.sampled_from(["a", "b", "a/b", "b/a", "a/b/c", "../a", "/a", ".wh.a", "a/.wh..wh..opq", "a/.wh.b", "b/../a"])
LINKS = st.sampled_from(["a", "b", "/a", "..", "../..", "/", "a/b", "../../../tmp", "/etc", "."])
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
ENTRIES = st.lists(st.tuples(NAMES, KINDS, LINKS), max_size=12)


@settings(max_examples=300, deadline=None)
@given(layers=st.lists(ENTRIES, min_size=1, max_size=3))
def test_nothing_is_ever_written_outside(
    layers: list[list[tuple[str, bytes, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    data = [
        layer((entry(name, kind, link), b"x" if kind == tarfile.REGTYPE else b"") for name, kind, link in one)
        for one in layers
    ]
    with contextlib.suppress(ImageError):
        unpack(folder, *data)
    assert [path.name for path in folder.iterdir()] == ["root"]


def test_resolving_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "out").symlink_to("/../../etc")
    assert resolve(tmp_path, ["out", "passwd"]) == tmp_path / "etc/passwd"
    assert resolve(tmp_path, ["..", "..", "etc"]) == tmp_path / "etc"
