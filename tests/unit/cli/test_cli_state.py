"""A whole platform's state in one file."""

import io
import tarfile

import pytest

from lambent.store.lock import FolderLock


@pytest.fixture
def data(own_environment):
    folder = own_environment / ".lambent"
    (folder / "blobs" / "one").mkdir(parents=True)
    (folder / "blobs" / "one" / "app.py").write_text("x")
    (folder / "blobs" / "one" / "app.py").chmod(0o555)
    (folder / "state.db").write_text("first")
    (folder / "token").write_text("mine")
    return folder


def archive(path, *members):
    with tarfile.open(path, "w:gz") as made:
        for member, content in members:
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))


def test_what_was_saved_is_loaded_in_place_of_what_is_there(cli, data, tmp_path):
    assert cli("state", "save", "base").stderr.startswith("base.lambent: ")
    (data / "state.db").write_text("second")
    (data / "logs").mkdir()
    assert "Say so with --yes" in cli("state", "load", "base", code=2).stderr
    assert cli("state", "load", "base", "--yes").stderr == f"{data}: as base.lambent says\n"
    assert (data / "state.db").read_text() == "first" and not (data / "logs").exists()
    assert (data / "blobs" / "one" / "app.py").stat().st_mode & 0o777 == 0o555
    assert not (data / "token").exists()
    cli("state", "load", "base.lambent", "--data-dir", tmp_path / "other")
    assert (tmp_path / "other" / "state.db").read_text() == "first"


def test_a_folder_that_a_server_runs_on_is_left_alone(cli, data):
    cli("state", "save", "base")
    lock = FolderLock(data)
    assert "stop it first" in cli("state", "save", "base", code=1).stderr
    assert "stop it first" in cli("state", "load", "base", "--yes", code=1).stderr
    lock.release()
    assert (data / "state.db").read_text() == "first"


def test_what_is_no_saved_state_changes_nothing(cli, data, own_environment):
    link = tarfile.TarInfo("blobs/out")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    made = [
        (tarfile.TarInfo("state.db"), b""),
        *[(tarfile.TarInfo(name), b"") for name in ("../x", "token", "/etc/x", "blobs/../../x")],
    ]
    archive(own_environment / "link.lambent", made[0], (link, b""))
    archive(own_environment / "empty.lambent", (tarfile.TarInfo("sns.pem"), b""))
    for place, one in enumerate(made[1:]):
        archive(own_environment / f"{place}.lambent", made[0], one)
    (own_environment / "text.lambent").write_text("text")
    for name in ("link", "empty", "text", "none", "0", "1", "2", "3"):
        assert cli("state", "load", name, "--yes", code=1).stderr.startswith("error: ")
    assert (data / "state.db").read_text() == "first"
    assert not [one for one in own_environment.iterdir() if one.name.startswith(".lambent-")]


def test_a_place_without_data_is_not_saved(cli, tmp_path):
    assert "no data of Lambent's" in cli("state", "save", "x", "--data-dir", tmp_path, code=1).stderr
