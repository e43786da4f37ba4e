"""Node.js runtimes: their variables, their flags, their process."""

from pathlib import Path

import pytest

from lambent.runtimes.nodejs import NodePlace, flags, zygote_spec
from lambent.runtimes.nodes import Node
from lambent.runtimes.place import Folders
from lambent.runtimes.provided import bare_zygote
from lambent.sandbox.spec import Level
from tests.unit.runtimes.recorded import AROUND, VARIABLES, function

RECORDED = VARIABLES | {
    "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x",
    "NODE_PATH": (
        "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    ),
    "PWD": "/var/task",
    "SHLVL": "0",
    "_HANDLER": "index.handler",
}
OURS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "_LAMBDA_TELEMETRY_LOG_FD": "3"}
MEMORY = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024"}


def place(major: str = "22", level: Level = Level.NAMESPACE) -> NodePlace:
    node = Node(f"{major}.20.1", Path("/n/bin/node"), Path("/n"))
    bare = bare_zygote(Level.PROCESS)
    zygote = zygote_spec(node, Path("/c/node"), Path("/c/sdk"), bare, level)
    return NodePlace(major, node, Path("/c/node"), Path("/c/sdk"), zygote, level)


def environment(major: str) -> dict[str, str]:
    return place(major).environment(function(f"nodejs{major}.x", "index.handler"), AROUND)


def test_the_environment_is_that_of_aws() -> None:
    assert environment("22") == RECORDED | OURS


@pytest.mark.parametrize("major", ["16", "18"])
def test_older_runtimes_name_their_certificates(major: str) -> None:
    differs = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_nodejs{major}.x",
        "NODE_EXTRA_CA_CERTS": "/var/runtime/ca-cert.pem",
        "NODE_PATH": RECORDED["NODE_PATH"].replace("node22", f"node{major}"),
    }
    assert environment(major) == RECORDED | OURS | differs


@pytest.mark.parametrize(
    ("major", "off"),
    [("18", set()), ("20", {"require-module"}), ("22", {"require-module", "detect-module"}), ("24", set())],
)
def test_experiments_are_off_where_aws_has_them_off(major: str, off: set[str]) -> None:
    chosen = flags(major, MEMORY)
    assert {flag.removeprefix("--no-experimental-") for flag in chosen if "--no-" in flag} == off


def test_node_options_win() -> None:
    assert "--max-old-space-size=921" in flags("22", MEMORY)
    assert "--max-semi-space-size=51" in flags("22", MEMORY)
    for option in ("--max-old-space-size=9", "--max_semi_space_size=9"):
        chosen = flags("22", MEMORY | {"NODE_OPTIONS": option})
        assert not any("space-size" in flag for flag in chosen)
    assert "--no-experimental-require-module" not in flags(
        "22", MEMORY | {"NODE_OPTIONS": "--experimental-require-module"}
    )


def test_the_process_and_its_wrapper() -> None:
    plain = place().process(MEMORY, Folders(Path("/code")), {1: 7, 3: 9})
    assert (plain.argv[0], plain.argv[-1]) == ("/var/lang/bin/node", "/var/lambent/start.mjs")
    assert (plain.cwd, plain.fds, plain.entry) == ("/var/task", {1: 7, 3: 9}, "")
    wrapped = place().process(MEMORY | {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}, Folders(Path("/code")), {})
    assert wrapped.argv[:2] == ("/bin/sh", "-c")
    assert wrapped.argv[4:] == plain.argv


def test_outside_of_a_namespace_the_folders_are_those_of_the_host() -> None:
    outside = place(level=Level.PROCESS)
    assert outside.zygote.binds == ()
    given = environment("22")
    spec = outside.process(given, Folders(Path("/code"), Path("/o"), "/code", "/o"), {})
    assert spec.argv[0] == "/n/bin/node"
    assert Path(spec.argv[-1]).is_file()
    assert spec.environment["LAMBDA_RUNTIME_DIR"] == "/c/node"
    assert spec.environment["NODE_PATH"] == (
        "/o/nodejs/node22/node_modules:/o/nodejs/node_modules:/c/sdk/node_modules:/c/node:/code"
    )


def test_what_is_seen_inside() -> None:
    seen = {bind.inside: bind.source for bind in place().zygote.binds}
    assert seen.items() >= {
        ("/var/lang", Path("/n")),
        ("/var/runtime", Path("/c/node")),
        ("/var/runtime/node_modules", Path("/c/sdk/node_modules")),
    }
    assert place().version == "nodejs:22.v20"
