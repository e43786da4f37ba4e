"""Where things lie, and how they are emptied."""

import os
import sqlite3

import pytest

from lambent.cli import places
from lambent.cli.target import strange
from lambent.neighbour.holdings import Holdings
from lambent.neighbour.memory.files import Files
from lambent.neighbour.request_model import Asked
from lambent.server.reset import KEPT
from lambent.store.lock import FolderLock
from lambent.wire.http import Request


@pytest.fixture
def data(own_environment):
    folder = own_environment / ".lambent"
    (folder / "blobs" / "one").mkdir(parents=True)
    (folder / "blobs" / "one" / "app.py").write_text("x" * 9000)
    (folder / "state.db").write_text("")
    return folder


def test_reset_asks_and_removes_what_a_server_keeps(cli, data):
    refused = cli("reset", code=2)
    assert refused.stderr.startswith(f"error: Remove everything that Lambent keeps in {data} (")
    assert "--yes" in refused.stderr
    assert (data / "state.db").exists()
    done = cli("reset", "--yes")
    assert done.stderr.startswith(f"{data}: ")
    assert not data.exists()
    assert cli("reset", "--yes", code=1).stderr == f"error: {data}: no data of Lambent's is there\n"


def test_reset_leaves_what_is_not_lambents(cli, data):
    (data / "mine.txt").write_text("kept")
    cli("reset", "--yes", "--data-dir", data)
    assert [path.name for path in data.iterdir()] == ["mine.txt"]


def test_reset_leaves_a_folder_that_a_server_runs_on(cli, data):
    lock = FolderLock(data)
    result = cli("reset", "--yes", code=1)
    lock.release()
    assert f"(process {os.getpid()}) runs on {data}: stop it first" in result.stderr
    assert (data / "state.db").exists()


def test_a_home_is_no_data_folder(cli, tmp_path):
    (tmp_path / "logs").mkdir()
    cli("reset", "--yes", "--data-dir", tmp_path, code=1)
    assert (tmp_path / "logs").exists()


def test_the_cache_is_shown_and_cleaned_unless_a_server_runs_on_it(cli, fake, tmp_path):
    folder = tmp_path / ".cache" / "lambent"
    (folder / "clients").mkdir(parents=True)
    assert cli("cache").stdout.startswith(f"{folder} ")
    fake.health["cache_dir"] = str(folder)
    assert "stop it first" in cli("cache", "clean", code=1).stderr
    del fake.health["cache_dir"]
    cli("cache", "clean")
    assert not folder.exists()
    assert "nothing removed" in cli("cache", "clean").stderr


def test_status_says_where_things_lie_and_what_empties_them(cli, fake, data, tmp_path):
    fake.health |= {"data_dir": str(data), "cache_dir": str(tmp_path / "cache")}
    lines = [line.split() for line in cli("status").stdout.splitlines()]
    assert ["state", str(data)] in [line[:2] for line in lines]
    assert ["logs", str(data / "logs"), "0", "B", "lambent", "reset"] in lines
    assert ["cache", str(tmp_path / "cache"), "0", "B", "lambent", "cache", "clean"] in lines


def test_a_file_with_several_names_is_counted_once(tmp_path):
    (tmp_path / "a").write_text("x" * 9000)
    before = places.size_of(tmp_path)
    os.link(tmp_path / "a", tmp_path / "b")
    assert places.size_of(tmp_path) == before > 9000


def test_every_name_that_a_data_folder_holds_is_known():
    assert {
        "state.db",
        "blobs",
        "layers",
        "images",
        "logs",
        "efs",
        "dial",
        "token",
        "root-keys.json",
        "sandboxes",
    } <= set(KEPT)


@pytest.mark.parametrize(
    ("health", "told"),
    [
        ({}, None),
        ({"user": "me", "data_dir": "/mine"}, None),
        ({"user": "ann", "data_dir": "/hers"}, "note: this is ann's server, with its data in /hers: start your own"),
        ({"user": "me", "data_dir": "/other"}, "note: this server has its data in /other, not in /mine"),
    ],
)
def test_whose_server_it_is(health, told, tmp_path):
    lines = strange(health, "me", places.Path("/mine"))
    assert (lines[0].startswith(told) if told else not lines) or lines == [told]


def test_a_server_that_nobody_chose_is_told_when_it_is_another(cli, fake, own_environment, monkeypatch):
    fake.health |= {"user": "ann", "data_dir": "/hers"}
    (own_environment / "lambent.toml").write_text(f"port = {fake.endpoint.rpartition(':')[2]}\n")
    assert "this is ann's server" in cli("list", env={"AWS_ENDPOINT_URL": ""}).stderr
    assert "ann" not in cli("list").stderr


def test_one_service_of_ours_is_emptied_and_no_other(cli, data):
    (data / "state.db").unlink()
    with sqlite3.connect(data / "state.db") as database:
        database.execute("CREATE TABLE resources (kind TEXT)")
        database.executemany("INSERT INTO resources VALUES (?)", [("s3-bucket",), ("sqs-queue",)])
        database.execute("CREATE TABLE object_versions (key TEXT)")
        database.execute("INSERT INTO object_versions VALUES ('k')")
    (data / "objects").mkdir()
    assert "Say so with --yes" in cli("reset", "--service", "s3", code=2).stderr
    assert cli("reset", "--service", "s3", "--yes").stderr == f"{data}: s3 removed\n"
    assert cli("reset", "--service", "s3", "--yes").stderr == f"{data}: s3 held nothing\n"
    with sqlite3.connect(data / "state.db") as database:
        assert list(database.execute("SELECT kind FROM resources")) == [("sqs-queue",)]
        assert not list(database.execute("SELECT key FROM object_versions"))
    assert not (data / "objects").exists() and (data / "blobs").exists()


def test_a_service_of_the_neighbour_is_emptied(cli, data):
    Files(data / "neighbour").write("dynamodb", ["dynamodb"], b"x")
    Holdings(data / "neighbour.json").hold(Asked("dynamodb", Request("POST", "/")))
    assert cli("reset", "--service", "dynamodb", "--yes").stderr == f"{data}: dynamodb removed\n"
    assert not Files(data / "neighbour").names() and not Holdings(data / "neighbour.json").held
    refused = cli("reset", "--service", "lambda", "--yes", code=1).stderr
    assert "nothing is kept of lambda that can be emptied alone; these can: cloudwatch, ecr, events" in refused


def test_a_service_is_not_emptied_under_a_server(cli, data):
    lock = FolderLock(data)
    assert "stop it first" in cli("reset", "--service", "s3", "--yes", code=1).stderr
    lock.release()
