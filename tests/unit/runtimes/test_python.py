"""Environment variables and specs of Python functions."""

from pathlib import Path

from lambent.runtimes import python
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.place import Folders
from lambent.sandbox.spec import Level
from tests.unit.runtimes.recorded import AROUND, VARIABLES, function

RECORDED = VARIABLES | {
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
    "LC_CTYPE": "C.UTF-8",
    "PWD": "/var/task",
    "PYTHONPATH": "/var/runtime",
    "SHLVL": "0",
    "_HANDLER": "handler.handler",
}


def environment(runtime: str = "python3.12", **more: object) -> dict[str, str]:
    return python.environment(function(runtime, "handler.handler", **more), AROUND)


def test_the_environment_is_that_of_aws() -> None:
    ours = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "_LAMBDA_TELEMETRY_LOG_FD": "3"}
    assert environment() == RECORDED | ours


def test_amazon_linux_2_has_the_locale() -> None:
    assert "LC_CTYPE" not in environment(runtime="python3.11")


def test_users_replace_what_aws_lets_them_and_nothing_else() -> None:
    own = {
        "TZ": "Europe/Berlin",
        "PATH": "/opt/bin",
        "AWS_REGION": "mars-1",
        "AWS_ENDPOINT_URL": "http://own",
    }
    made = environment(environment=own)
    assert made["TZ"] == "Europe/Berlin"
    assert made["PATH"] == "/opt/bin"
    assert made["AWS_ENDPOINT_URL"] == "http://own"
    assert made["AWS_REGION"] == "eu-central-1"


def test_log_format_and_level_only_with_json() -> None:
    assert "AWS_LAMBDA_LOG_FORMAT" not in environment(application_log_level="DEBUG")
    made = environment(log_format="JSON", application_log_level="DEBUG")
    assert (made["AWS_LAMBDA_LOG_FORMAT"], made["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "DEBUG")


def test_process_spec_at_both_levels() -> None:
    made = environment()
    inside = python.process_spec(made, Folders(Path("/tmp/code")), {1: 7})
    assert (inside.environment, inside.cwd, inside.fds) == (made, "/var/task", {1: 7})
    outside = python.process_spec(made, Folders(Path("/tmp/code"), task_root="/tmp/code"), {})
    assert outside.environment["LAMBDA_TASK_ROOT"] == outside.environment["PWD"] == outside.cwd == "/tmp/code"


def test_zygote_spec_at_both_levels() -> None:
    interpreter = Interpreter("3.12", "3.12.1", Path("/p/bin/python3.12"), Path("/p"), Path("/p/lib/python3.12"))
    inside = python.zygote_spec(interpreter, Path("/cache/3.12"))
    assert {bind.inside: bind.source for bind in inside.binds}.items() >= {
        "/var/lang": Path("/p"),
        "/var/runtime": Path("/cache/3.12"),
    }.items()
    assert (inside.preload[0], inside.preload[-1]) == ("lambent_loopback", "lambent_relocated")
    outside = python.zygote_spec(interpreter, Path("/cache/3.12"), Level.PROCESS)
    assert outside.binds == ()
    assert not {"lambent_loopback", "lambent_relocated"} & set(outside.preload)


def test_the_library_path_is_told_once() -> None:
    source = (Path(python.__file__).parent / "inside/lambent_bootstrap.py").read_text()
    assert f'"{RECORDED["LD_LIBRARY_PATH"]}"' in source
