"""`lambent deploy --watch`: what the server is told, and what is deployed at the end."""

import os
import signal

import pytest

from lambent.cli import watch

SOURCE = {"app.py": "def handler(event, context):\n    return event\n"}


@pytest.fixture
def data_dir(fake, tmp_path):
    fake.health["data_dir"] = str(tmp_path / "data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "token").write_text("secret")
    return tmp_path / "data"


def changing(monkeypatch, *steps):
    """Replaces the watch on the disk: each step is a function that answers the names that changed."""

    def changes(folder):
        for step in steps:
            yield {(1, str(folder / name)) for name in step(folder)}
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "watched", changes)


def test_each_change_is_told_and_the_last_state_deployed(cli, fake, make, data_dir, monkeypatch):
    def edit(folder):
        (folder / "app.py").write_text("def handler(event, context):\n    return 2\n")
        return ["app.py"]

    changing(monkeypatch, edit, lambda _: ["__pycache__/app.pyc", ".git/index"])
    folder = make(SOURCE)
    result = cli("deploy", folder, "--watch")
    whose = {"account": "000000000000", "region": "us-east-1", "function": "hello"}
    put = ("PUT", "secret", {**whose, "folder": str(folder), "watcher": os.getpid()})
    assert fake.live == [put, put, ("DELETE", "secret", whose)]
    assert "changed: app.py" in result.stderr
    assert "pycache" not in result.stderr
    assert fake.names().count("UpdateFunctionCode") == 1


@pytest.mark.parametrize(
    "name",
    [
        *(".app.py.swp", ".app.py.swx", "4913", "app.py~", ".#app.py", "#app.py#", "app.py___jb_tmp___"),
        *("app.py___jb_old___", ".goutputstream-A1B2C3", ".app.py.kate-swp", "sedAbC123", "lib/.helper.py.swp"),
    ],
)
def test_what_editors_write_beside_a_file_is_no_change(cli, fake, make, data_dir, monkeypatch, name):
    changing(monkeypatch, lambda _: [name], lambda _: [name, "lib/helper.py"])
    result = cli("deploy", make(SOURCE), "--watch")
    assert [method for method, *_ in fake.live] == ["PUT", "PUT", "DELETE"]
    assert "changed: lib/helper.py\n" in result.stderr


def test_sigterm_ends_it_as_ctrl_c_does(cli, fake, make, data_dir, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)

    def changes(folder):
        os.kill(os.getpid(), signal.SIGTERM)
        yield {(1, str(folder / "app.py"))}

    monkeypatch.setattr(watch, "watched", changes)
    cli("deploy", make(SOURCE), "--watch")
    assert [method for method, *_ in fake.live] == ["PUT", "DELETE"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_watcher_is_refused_before_anything_is_deployed(cli, fake, make, data_dir):
    fake.watcher = 4711
    result = cli("deploy", make(SOURCE), "--watch", code=1)
    assert result.stderr == "error: hello is watched by process 4711: end that first (Ctrl-C, or kill 4711)\n"
    assert fake.live == fake.calls == []


def test_one_json_document_and_a_watch_exclude_each_other(cli, fake, make, data_dir):
    result = cli("deploy", make(SOURCE), "--watch", "--json", code=2)
    assert fake.live == []
    assert "--watch never ends" in result.stderr


def test_another_user_s_server_is_named(cli, fake, make, data_dir):
    (data_dir / "token").unlink()
    result = cli("deploy", make(SOURCE), "--watch", code=1)
    assert "--watch is for the user who runs the server" in result.stderr
    assert fake.live == []


def test_what_is_saved_once_a_watch_stands_is_seen(tmp_path):
    for number in range(3):
        seen = iter(watch.watched(tmp_path))
        (tmp_path / f"{number}.py").write_text("x")
        assert any(path.endswith(f"{number}.py") for found in seen for _kind, path in found)
