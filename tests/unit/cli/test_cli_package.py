import io
import os
import zipfile

import pytest

from lambent.cli import package
from lambent.cli.errors import CliError
from lambent.model.limits import AWS_2026


def test_the_same_files_give_the_same_bytes(make):
    one = make({"b.py": "b", "a/c.py": "c"}, "one")
    two = make({"a/c.py": "c", "b.py": "b"}, "two")
    os.utime(two / "b.py", (0, 0))
    first, second = package.load(one), package.load(two)
    assert first.content == second.content
    assert first.modes == {"a/c.py": 0o644, "b.py": 0o644}
    assert first.unzipped == 2


def test_modes_are_kept(make):
    folder = make({"run.sh": "#!/bin/sh", "app.py": ""})
    (folder / "run.sh").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(package.load(folder).content)) as archive:
        assert (archive.getinfo("run.sh").external_attr >> 16) & 0o7777 == 0o755
        assert (archive.getinfo("app.py").external_attr >> 16) & 0o7777 == 0o644


def test_what_is_not_code_stays_out(make):
    folder = make(
        {
            "app.py": "",
            "__pycache__/app.pyc": "",
            "lib/__pycache__/x.pyc": "",
            ".git/HEAD": "",
            ".venv/x": "",
            "env/pyvenv.cfg": "",
            "env/lib/y.py": "",
            ".lambent/state.db": "",
            "lib/data.txt": "",
            "é.txt": "",
        }
    )
    assert sorted(package.load(folder).modes) == ["app.py", "lib/data.txt", "é.txt"]


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMII\n"


def test_secrets_stay_out_and_are_named(make):
    files = {
        "app.py": "",
        ".env": "PASSWORD=x",
        ".env.local": "",
        ".env.example": "PASSWORD=",
        ".aws/credentials": "",
        "keys/server.pem": KEY,
        "keys/id_ed25519": KEY.replace("RSA", "OPENSSH"),
        "certifi/cacert.pem": "-----BEGIN CERTIFICATE-----",
        "identity.py": "",
        "id_maker.py": "",
        "credentials/__init__.py": "",
        "terraform.tfstate": "",
    }
    folder = make(files)
    loaded = package.load(folder)
    assert sorted(loaded.modes) == [
        ".env.example", "app.py", "certifi/cacert.pem", "credentials/__init__.py", "id_maker.py", "identity.py",
    ]  # fmt: skip
    assert loaded.withheld == (
        ".aws/", ".env", ".env.local", "keys/id_ed25519", "keys/server.pem", "terraform.tfstate",
    )  # fmt: skip
    asked = package.load(folder, (".env", "keys/*", ".aws/", "*.tfstate"))
    assert asked.withheld == (".env.local",)
    assert {".env", "keys/server.pem", "keys/id_ed25519", ".aws/credentials", "terraform.tfstate"} <= set(asked.modes)


def test_what_is_left_out_can_be_asked_for(make):
    folder = make({"app.py": "", ".vscode/settings.json": "", ".venv/pyvenv.cfg": "", ".venv/x.py": ""})
    assert set(package.load(folder, (".vscode", ".venv")).modes) == {
        "app.py", ".vscode/settings.json", ".venv/pyvenv.cfg", ".venv/x.py",
    }  # fmt: skip


def test_links_are_followed_but_not_in_circles(make):
    folder = make({"app.py": "x", "lib/a.py": "y"})
    (folder / "b.py").symlink_to("app.py")
    (folder / "same").symlink_to("lib")
    loaded = package.load(folder)
    assert sorted(loaded.modes) == ["app.py", "b.py", "lib/a.py", "same/a.py"]
    assert loaded.read("b.py") == b"x"
    (folder / "lib" / "up").symlink_to("..")
    with pytest.raises(CliError, match="leads back"):
        package.load(folder)


def test_a_link_that_leads_nowhere(make):
    folder = make({"app.py": ""})
    (folder / "gone.py").symlink_to("nothing")
    with pytest.raises(CliError, match=r"gone\.py: this link leads nowhere"):
        package.load(folder)


def test_a_pipe_is_no_file(make):
    folder = make({"app.py": ""})
    os.mkfifo(folder / "pipe")
    with pytest.raises(CliError, match="not a file or folder"):
        package.load(folder)


def test_a_name_that_is_not_utf8(make):
    folder = make({"app.py": ""})
    with open(os.fsencode(folder) + b"/\xff.txt", "wb"):
        pass
    with pytest.raises(CliError, match="not UTF-8"):
        package.load(folder)


def test_empty_and_missing(tmp_path, make):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CliError, match="nothing to deploy"):
        package.load(tmp_path / "empty")
    with pytest.raises(CliError, match="there is no such folder or zip file"):
        package.load(tmp_path / "none")
    with pytest.raises(CliError, match="not a zip"):
        package.load(make({"x.zip": "hello"}) / "x.zip")


def test_the_limits_are_the_models():
    assert (AWS_2026.zip_direct, AWS_2026.zip_unzipped) == (package.ZIPPED_BYTES, package.UNZIPPED_BYTES)


def test_too_big_unzipped(make):
    folder = make({"app.py": ""})
    with open(folder / "model.bin", "wb") as file:
        file.truncate((250 << 20) + 1)
    with pytest.raises(CliError, match="more than 250 MB unzipped"):
        package.load(folder)


def test_too_big_zipped(make):
    folder = make({"app.py": "", "noise.bin": os.urandom((50 << 20) + 1)})
    with pytest.raises(CliError, match="50 MB zipped, 50 MB is Lambda's limit"):
        package.load(folder)


def test_a_zip_goes_up_as_it_is(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", "x = 1")
        archive.mkdir("lib")
    loaded = package.load(path)
    assert loaded.content == path.read_bytes()
    assert list(loaded.modes) == ["app.py"]
    assert loaded.read("app.py") == b"x = 1"
