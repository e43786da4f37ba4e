"""`lambent deploy --watch`: what the server is told, and what is deployed at the end."""

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

    monkeypatch.setattr(watch, "_watchfiles", changes)


def test_each_change_is_told_and_the_last_state_deployed(cli, fake, make, data_dir, monkeypatch):
    def edit(folder):
        (folder / "app.py").write_text("def handler(event, context):\n    return 2\n")
        return ["app.py"]

    changing(monkeypatch, edit, lambda _: ["__pycache__/app.pyc", ".git/index"])
    folder = make(SOURCE)
    result = cli("deploy", folder, "--watch")
    whose = {"account": "000000000000", "region": "us-east-1", "function": "hello"}
    put = ("PUT", "secret", {**whose, "folder": str(folder)})
    assert fake.live == [put, put, ("DELETE", "secret", whose)]
    assert "changed: app.py" in result.stderr
    assert "pycache" not in result.stderr
    assert fake.names().count("UpdateFunctionCode") == 1


def test_one_json_document_and_a_watch_exclude_each_other(cli, fake, make, data_dir):
    result = cli("deploy", make(SOURCE), "--watch", "--json", code=2)
    assert fake.live == []
    assert "--watch never ends" in result.stderr


def test_another_user_s_server_is_named(cli, fake, make, data_dir):
    (data_dir / "token").unlink()
    result = cli("deploy", make(SOURCE), "--watch", code=1)
    assert "--watch is for the user who runs the server" in result.stderr
    assert fake.live == []
