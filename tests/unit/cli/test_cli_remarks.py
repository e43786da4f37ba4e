"""What is said of a package that will not work as meant."""

import struct

import pytest

from lambent.cli import patience
from lambent.cli.package import load
from lambent.cli.remarks import remarks

SOURCE = "def handler(event, context): ..."


def elf(machine: int) -> bytes:
    """The beginning of an ELF file, as elf(5) has it."""
    return b"\x7fELF" + bytes(12) + struct.pack("<HH", 3, machine) + bytes(44)


@pytest.mark.parametrize(
    ("files", "runtime", "told"),
    [
        ({"m/x.cpython-312-x86_64-linux-gnu.so": elf(62)}, "python3.12", None),
        (
            {"m/x.cpython-312-aarch64-linux-gnu.so": elf(183)},
            "python3.12",
            "built for aarch64, this machine is x86_64: m",
        ),
        ({"m/x.cpython-311-x86_64-linux-gnu.so": elf(62)}, "python3.12", "built for Python 3.11, not for python3.12"),
        ({"m/x.abi3.so": elf(62), "libz.so.1": elf(62), "odd.so": b"text"}, "python3.12", None),
        (
            {"m/x.cp312-win_amd64.pyd": b"MZ"},
            "python3.12",
            "built for another system than Linux: m/x.cp312-win_amd64.pyd",
        ),
        ({"bootstrap*": "#!/bin/sh\n"}, "provided.al2023", None),
        ({"bootstrap": "#!/bin/sh\n"}, "provided.al2023", "chmod +x bootstrap"),
        ({"bootstrap*": "#!/bin/sh\r\necho\r\n"}, "provided.al2023", "Windows line ends"),
        ({"other": ""}, "provided.al2023", "a layer must bring it"),
        ({"bootstrap": ""}, "nodejs22.x", None),
    ],
)
def test_what_is_said_of_a_package(make, files, runtime, told):
    folder = make({"app.py": SOURCE} | {name.rstrip("*"): content for name, content in files.items()})
    for name in files:
        (folder / name.rstrip("*")).chmod(0o755 if name.endswith("*") else 0o644)
    said = remarks(load(folder), runtime, "x86_64")
    assert (told in said[0]) if told else not said, said


def test_wheels_are_fetched_for_the_function(make):
    folder = make({"app.py": SOURCE, "x.so": elf(183)})
    (said,) = remarks(load(folder), "python3.13", "x86_64")
    assert "pip install --only-binary=:all: --platform manylinux2014_x86_64 --python-version 3.13 -t" in said


@pytest.mark.parametrize(
    ("files", "args", "told"),
    [
        (
            {"index.mjs": ""},
            [],
            "is for Node.js (index.mjs): deploy it with --runtime nodejs22.x --handler index.handler",
        ),
        (
            {"app.js": ""},
            ["--handler", "app.go"],
            "(app.js): deploy it with --runtime nodejs22.x --handler app.handler",
        ),
        ({"bootstrap": ""}, [], "deploy it with --runtime provided.al2023 --handler any"),
    ],
)
def test_a_folder_for_another_runtime_is_told_so(cli, make, files, args, told):
    assert told in cli("deploy", make(files), *args, code=1).stderr


def test_a_queue_without_a_dead_letter_queue_is_named(cli, fake, make):
    folder = make({"app.py": SOURCE})
    fake.feeding = {"orders": {}, "safe": {"RedrivePolicy": "{}"}}
    told = cli("deploy", folder).stderr
    assert "queue orders has no dead-letter queue" in told
    assert "safe" not in told


def test_who_waits_for_long_is_told_why(capsys):
    waiting = patience.Patience("still waiting", seconds=0.0)
    with waiting:
        waiting._timer.join()
    assert capsys.readouterr().err == "still waiting\n"
    with patience.Patience("never said", seconds=60.0):
        pass
    assert capsys.readouterr().err == ""
