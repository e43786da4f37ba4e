"""A forked, a newly started and a wrapped Python interpreter are the same to a function, and as on AWS."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Deploy, Server

SELF = """
import builtins, gc, io, locale, os, signal, sys, threading, warnings
first = sys.modules.copy()
def handler(event, context):
    flags = {name: getattr(sys.flags, name) for name in dir(sys.flags) if name.islower() and not name.startswith("_")}
    return {
        "builtins": sorted(vars(builtins)),
        "flags": {name: value for name, value in flags.items() if isinstance(value, int)},
        "shown": repr(sys.flags).partition("utf8_mode")[0],
        "sys": [sys.path, sys.argv, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.executable, sys.warnoptions,
                str(sys._xoptions), sys.getrecursionlimit(), sys.dont_write_bytecode, sys.getfilesystemencoding()],
        "streams": [[type(one).__name__, one.encoding, one.errors] for one in (sys.stdin, sys.stdout, sys.stderr)],
        "importers": [str(one) for one in sys.meta_path if "Six" not in str(one)],
        "collector": [gc.isenabled(), gc.get_threshold()],
        "signals": [[int(one), str(signal.getsignal(one))] for one in signal.valid_signals()],
        "threads": [one.name for one in threading.enumerate()],
        "main": {name: str(value) for name, value in vars(sys.modules["__main__"]).items() if name != "__builtins__"
                 and name in ("__file__", "__name__", "__spec__", "__doc__", "__package__")},
        "modules": {name: getattr(one, "__file__", None) for name, one in first.items()},
    }
"""
WRAPPER = '#!/bin/sh\nexec "$@"\n'
STARTS = {
    "exec": {"PYTHONHASHSEED": "random"},
    "wrapper": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"},
}
SHADOWED = ("resource", "signal", "platform", "typing", "calendar", "secrets", "socket")
"""Modules of the standard library that AWS's bootstrap does not import, and a zygote does."""


@pytest.fixture(scope="module")
def wrapper(server: Server) -> str:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("wrap")
        info.external_attr = 0o755 << 16
        archive.writestr(info, WRAPPER)
    content = {"ZipFile": buffer.getvalue()}
    arn: str = server.client("lambda").publish_layer_version(LayerName="wrap", Content=content)["LayerVersionArn"]
    return arn


def asked(server: Server, name: str) -> Any:
    answer = server.client("lambda").invoke(FunctionName=name)
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


@pytest.mark.parametrize("start", list(STARTS))
def test_every_start_leaves_the_same_interpreter(server: Server, deploy: Deploy, wrapper: str, start: str) -> None:
    forked = asked(server, deploy(SELF))
    other = asked(server, deploy(SELF, Environment={"Variables": STARTS[start]}, Layers=[wrapper]))
    modules, others = forked.pop("modules"), other.pop("modules")
    for said in (forked, other):  # what the host's locales decide
        said["flags"].pop("utf8_mode")
    assert other == forked
    assert {"exit", "quit", "copyright", "credits", "license", "help"} <= set(forked["builtins"])
    assert {name: file for name, file in others.items() if name in modules and modules[name] != file} == {}
    assert [name for name in others if name not in modules and "site-packages" in str(others[name])] == []
    assert not any(forked["flags"][name] for name in ("isolated", "no_site", "ignore_environment", "no_user_site"))


OWN = "".join(f"import {name}\n" for name in (*SHADOWED, "json", "logging", "boto3")) + (
    "def handler(event, context):\n"
    f"    own = [name for name in {SHADOWED!r} if getattr(globals()[name], 'own', False)]\n"
    "    return own, json.dumps(1), logging.__file__, boto3.__file__\n"
)


@pytest.mark.parametrize("start", ["fork", *STARTS])
def test_a_module_of_the_packages_own_wins_as_on_aws(server: Server, deploy: Deploy, wrapper: str, start: str) -> None:
    """… unless AWS's bootstrap has imported it before (json, logging)."""
    own = {f"{name}.py": "own = True\n" for name in (*SHADOWED, "json", "logging")}
    files = {**own, "boto3.py": "own = True\n"}
    variables = {"Variables": STARTS.get(start, {})}
    said = asked(server, deploy(OWN, files=files, Environment=variables, Layers=[wrapper]))
    assert said[0] == list(SHADOWED)
    assert said[1] == "1" and said[2].startswith("/var/lang/lib/")
    assert said[3] == "/var/task/boto3.py"


def test_one_module_of_the_packages_own_does_not_break_the_others(server: Server, deploy: Deploy) -> None:
    code = (
        "import statistics, boto3, asyncio, decimal, ssl, urllib.request\n"
        "def handler(event, context):\n"
        "    client = boto3.client('sqs', region_name='us-east-1')\n"
        "    asyncio.run(asyncio.sleep(0))\n"
        "    ssl.create_default_context()\n"
        "    return [statistics.own, client.meta.service_model.service_name, str(decimal.Decimal('1.5'))]\n"
    )
    files = {"statistics.py": "own = True\n", "tarfile.py": "own = True\n"}
    assert asked(server, deploy(code, files=files)) == [True, "sqs", "1.5"]
