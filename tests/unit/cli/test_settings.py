import dataclasses
from pathlib import Path

import pytest

from lambent.model import limits
from lambent.settings import PROFILES, SETTINGS, Settings, StartError, load, unknown_variables


@pytest.fixture
def folder(own_environment):
    return own_environment


def test_the_table_is_the_dataclass(folder):
    assert [setting.name for setting in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]
    assert load({}, {}, folder) == dataclasses.replace(Settings(), data_dir=folder / ".lambent")
    for setting in SETTINGS:
        assert setting.help.endswith(".")


def test_the_profiles_are_the_models():
    assert set(PROFILES) == set(limits.PROFILES)


def test_flag_over_environment_over_file_over_default(folder):
    (folder / "lambent.toml").write_text('port = 1001\nhost = "::1"\nidle_seconds = 5\n')
    environ = {"LAMBENT_PORT": "1002", "LAMBENT_HOST": "localhost"}
    settings = load({"port": 1003, "host": None}, environ, folder)
    assert (settings.port, settings.host, settings.idle_seconds) == (1003, "localhost", 5)
    assert settings.isolation == "auto"


def test_tables_from_file_and_environment(folder):
    (folder / "lambent.toml").write_text(
        '[runtime_map]\n"python3.14" = "3.13"\n[endpoints]\ns3 = "http://127.0.0.1:9000"\n'
    )
    settings = load({}, {}, folder)
    assert settings.runtime_map == {"python3.14": "3.13"}
    assert settings.endpoints == {"s3": "http://127.0.0.1:9000"}
    environ = {"LAMBENT_RUNTIME_MAP": "python3.14=3.12, python3.10=3.11"}
    other = {"LAMBENT_RUNTIME_MAP": "nodejs24.x=22"}
    assert load({}, other, folder).runtime_map == {"nodejs24.x": "22"}
    assert load({}, environ, folder).runtime_map == {"python3.14": "3.12", "python3.10": "3.11"}


@pytest.mark.parametrize(
    ("given", "clock", "seconds"),
    [(None, "real", 0.5), (None, "manual", 0.0), ("auto", "real", 0.5), ("0", "real", 0.0), ("1.5", "manual", 1.5)],
)
def test_how_long_changes_last(folder, given, clock, seconds):
    environ = {"LAMBENT_CLOCK": clock} | ({} if given is None else {"LAMBENT_STATE_DELAY": given})
    assert load({}, environ, folder).change_seconds == seconds


@pytest.mark.parametrize("given", ["soon", "-1", "61"])
def test_how_long_changes_cannot_last(folder, given):
    with pytest.raises(StartError, match=r"LAMBENT_STATE_DELAY .*: a number from 0 to 60 or auto is needed"):
        load({}, {"LAMBENT_STATE_DELAY": given}, folder)


def test_folders_of_file_systems(folder):
    one, other = (f"arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-{digit * 17}" for digit in "ab")
    (folder / "lambent.toml").write_text(f'[file_systems]\n"{one}" = "shared"\n"{other}" = "/srv/x"\n')
    assert load({}, {}, folder).file_systems == {one: folder / "shared", other: Path("/srv/x")}
    assert load({}, {"LAMBENT_FILE_SYSTEMS": f"{one}=/y"}, folder).file_systems == {one: Path("/y")}


def test_pages_and_names_are_lists(folder):
    assert (load({}, {}, folder).origins, load({}, {}, folder).host_names) == ((), ())
    listed = {"LAMBENT_ORIGINS": "http://localhost:3000, https://app.test", "LAMBENT_HOST_NAMES": "a.test,*.b.test"}
    found = load({}, listed, folder)
    assert found.origins == ("http://localhost:3000", "https://app.test")
    assert found.host_names == ("a.test", "*.b.test")
    assert load({"origins": "http://x"}, listed, folder).origins == ("http://x",)
    (folder / "lambent.toml").write_text('origins = ["http://y"]\nhost_names = ["y"]\n')
    assert (load({}, {}, folder).origins, load({}, {}, folder).host_names) == (("http://y",), ("y",))


@pytest.mark.parametrize(("given", "found"), [("never", "never"), ("random", "random"), ("0", 0), ("90", 90)])
def test_how_long_idle_environments_are_kept(folder, given, found):
    assert load({}, {}, folder).idle_seconds == "random"
    settings = load({}, {"LAMBENT_IDLE_SECONDS": given, "LAMBENT_SEED": "7"}, folder)
    assert (settings.idle_seconds, settings.seed) == (found, 7)


@pytest.mark.parametrize(("given", "found"), [("never", "never"), ("0", 0), ("20", 20)])
def test_when_environments_are_frozen(folder, given, found):
    assert load({}, {}, folder).freeze_after_ms == 5
    assert load({}, {"LAMBENT_FREEZE_AFTER_MS": given}, folder).freeze_after_ms == found


def test_relative_folders_start_where_they_are_written(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.toml").write_text('data_dir = "state"\n')
    assert load({}, {}, folder, other / "x.toml").data_dir == other / "state"
    assert load({"data_dir": Path("here")}, {}, folder, other / "x.toml").data_dir == folder / "here"


@pytest.mark.parametrize(
    ("flags", "environ", "text", "message"),
    [
        ({}, {}, "prot = 1", "there is no setting 'prot' (did you mean port?)"),
        ({}, {}, 'dynamodb = "remote"', "one of moto, local is needed"),
        ({"dynamodb": "local"}, {"LAMBENT_ENDPOINTS": "dynamodb=http://x"}, "", "it is local, or in endpoints"),
        ({}, {"LAMBENT_ENDPOINTS": "dynamodb=local"}, "", "dynamodb = local: a URL is needed, as in http://127.0.0.1"),
        ({}, {}, "port = ", "not TOML"),
        ({}, {}, "port = true", "lambent.toml: port True: a whole number from 0 to 65535 is needed"),
        ({}, {}, "port = 4566.5", "a whole number from 0 to 65535 is needed"),
        ({"port": "70000"}, {}, "", "--port 70000: a whole number"),
        ({"time_scale": "fast"}, {}, "", "--time-scale fast: a number from 0.01 to 100000 is needed"),
        ({"duplicate_rate": "1.5"}, {}, "", "--duplicate-rate 1.5: a number from 0 to 1 is needed"),
        ({}, {}, "duplicate_rate = true", "duplicate_rate True: a number from 0 to 1 is needed"),
        ({"clock": "sundial"}, {}, "", "--clock sundial: one of real, manual is needed"),
        ({"function_time": "mine"}, {}, "", "--function-time mine: one of machine, platform is needed"),
        ({"time_scale": "2"}, {"LAMBENT_CLOCK": "manual"}, "", "time_scale: a clock that is moved by hand"),
        ({}, {"LAMBENT_PORT": "http"}, "", "LAMBENT_PORT http: a whole number"),
        ({}, {"LAMBENT_IDLE_SECONDS": "-1"}, "", "LAMBENT_IDLE_SECONDS -1: a whole number"),
        ({"isolation": "docker"}, {}, "", "--isolation docker: one of auto, namespace, process is needed"),
        ({}, {}, 'profile = "aws-1999"', "one of aws-2026, aws-2022 is needed"),
        ({"host": "0.0.0.0"}, {}, "", "host 0.0.0.0: other machines reach this address"),
        ({"host": "::", "iam": "report"}, {}, "", "add --iam enforce"),
        ({"host": "example.com"}, {}, "", "--host example.com: an address of this machine is needed"),
        ({"accounts": "12"}, {}, "", "--accounts 12: 12: an account's number is needed"),
        ({}, {}, "data_dir = 3", "a folder is needed"),
        ({}, {}, 'runtime_map = "python3.14"', "a table of names and texts is needed"),
        ({}, {}, '[runtime_map]\nnodejs = "3.13"', "nodejs = 3.13: as in"),
        ({}, {}, '[runtime_map]\n"nodejs22.x" = "20.1"', "nodejs22.x = 20.1: as in"),
        ({}, {}, '[endpoints]\ns33 = "http://x"', "no AWS service is called 's33' (did you mean s3?)"),
        ({}, {}, "endpoint_access_key = 1", "a text is needed"),
        ({}, {}, '[endpoints]\ns3 = "minio"', "s3 = minio: a URL is needed"),
        ({}, {}, '[endpoints]\ns3 = "http://me:secret@minio"', "s3: a URL without a name and password is needed"),
        ({}, {}, '[file_systems]\n"fs-1" = "x"', "fs-1: the ARN of an access point is needed"),
        ({"origins": "*"}, {}, "", "--origins *: *: the origin of a page is needed, as in http://localhost:3000"),
        ({}, {}, 'origins = ["http://x/"]', "http://x/: the origin of a page is needed"),
        ({}, {}, "origins = [1]", "a list of texts is needed"),
        ({"host_names": "*"}, {}, "", "--host-names *: *: a host name without a port is needed"),
        ({"host_names": "a:1"}, {}, "", "a:1: a host name without a port is needed"),
        ({}, {}, "[endpoints]\ns3 = 1", "a table of names and texts is needed"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, flags, environ, text, message):
    (folder / "lambent.toml").write_text(text)
    with pytest.raises(StartError) as caught:
        load(flags, environ, folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_be_there(folder):
    with pytest.raises(StartError, match="there is no such file"):
        load({}, {}, folder, folder / "none.toml")


def test_a_variable_that_sets_nothing_is_told():
    environ = {"LAMBENT_PROT": "1", "LAMBENT_PORT": "2", "LAMBENT_XYZZY": "3", "OTHER": "4"}
    assert unknown_variables(environ) == [
        "LAMBENT_PROT sets nothing: there is no such setting (did you mean LAMBENT_PORT?)",
        "LAMBENT_XYZZY sets nothing: there is no such setting",
    ]
