"""AWS's own runtime client, unmodified, behind the Runtime API: every end that a Python function can have."""

import asyncio
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import harness
import pytest

from lambent.runtimes import clients, interpreters

VERSIONS = list(interpreters.find())


def write(task: Path, code: str, name: str = "app.py") -> Path:
    path = task / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    return task


def invoke(task: Path, event: Any = None, **more: Any) -> tuple[Any, ...]:
    """What the function says to one event."""

    async def run() -> tuple[Any, ...]:
        async with harness.started(task, **more) as runtime:
            return await runtime.invoke(event if event is not None else {})

    return asyncio.run(run())


def result(task: Path, event: Any = None, **more: Any) -> Any:
    said = invoke(task, event, **more)
    assert said[0] == "response", said
    return json.loads(said[2])


def error(task: Path, event: Any = None, **more: Any) -> Any:
    said = invoke(task, event, **more)
    assert said[0] == "error", said
    return json.loads(said[3])


def init_error(task: Path, **more: Any) -> tuple[str, Any, int]:
    """The error type in the header, the payload, and the exit code."""

    async def run() -> tuple[str, Any, int]:
        async with harness.started(task, **more) as runtime:
            said = await runtime.heard.hear("init_error")
            return said[1], json.loads(said[2]), await runtime.exit_code()

    return asyncio.run(run())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_interpreter_of_this_host(tmp_path: Path, version: str) -> None:
    write(
        tmp_path,
        "import sys\n"
        "def handler(event, context):\n"
        "    return [event, context.aws_request_id, context.invoked_function_arn, context.memory_limit_in_mb,\n"
        "            '%d.%d' % sys.version_info[:2], context.identity.cognito_identity_id]\n",
    )
    interpreter = interpreters.find()[version]
    assert result(tmp_path, {"ä": 1}, interpreter=interpreter) == [
        {"ä": 1},
        "r-1",
        harness.ARN,
        "128",
        version,
        None,
    ]


def test_warm_invocations_share_globals_and_requests_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen\n")

    async def run() -> None:
        async with harness.started(tmp_path) as runtime:
            for number in range(3):
                said = await runtime.invoke(number, f"r-{number}")
                assert said[:2] == ("response", f"r-{number}")
                assert json.loads(said[2]) == list(range(number + 1))

    asyncio.run(run())


def test_the_handlers_error(tmp_path: Path) -> None:
    write(tmp_path, "class Own(Exception): pass\ndef handler(event, context):\n    raise Own('no')\n")
    assert error(tmp_path) == {
        "errorMessage": "no",
        "errorType": "Own",
        "requestId": "r-1",
        "stackTrace": [f"  File \"{tmp_path}/app.py\", line 3, in handler\n    raise Own('no')\n"],
    }


def test_a_result_that_is_no_json(tmp_path: Path) -> None:
    write(tmp_path, "def handler(event, context):\n    return {1, 2}\n")
    told = error(tmp_path)
    assert told["errorType"] == "Runtime.MarshalError"
    assert "is not JSON serializable" in told["errorMessage"]


def test_a_client_context(tmp_path: Path) -> None:
    write(tmp_path, "def handler(event, context):\n    return context.client_context.custom\n")

    async def run() -> None:
        async with harness.started(tmp_path) as runtime:
            said = await runtime.invoke({}, client_context='{"custom":\n {"a": "ü"}}')
            assert json.loads(said[2]) == {"a": "ü"}

    asyncio.run(run())


def test_a_response_over_the_limit(tmp_path: Path) -> None:
    write(tmp_path, "def handler(event, context):\n    return 'x' * event\n")
    assert len(result(tmp_path, 6_291_554)) == 6_291_554
    told = error(tmp_path, 6_291_555)
    assert told["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        ("import nothing_like_this", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': "),
        ("", "other.handler", "Runtime.ImportModuleError", "No module named 'other'"),
        ("x = 1", "app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
        ("def handler(:\n", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': "),
    ],
)
def test_a_function_that_can_not_start(tmp_path: Path, code: str, handler: str, error_type: str, message: str) -> None:
    write(tmp_path, code)
    header, told, code_of_exit = init_error(tmp_path, handler=handler)
    assert header == told["errorType"] == error_type
    assert message in told["errorMessage"]
    assert told["requestId"] == ""
    assert code_of_exit == 1


@pytest.mark.parametrize("start", [{}, {"PYTHONHASHSEED": "0"}], ids=["fork", "exec"])
def test_a_runtime_that_is_hung_up_on_does_not_complain_in_the_functions_log(
    tmp_path: Path, start: dict[str, str]
) -> None:
    """A failed Init kills the runtime, which may just be waiting for the answer to its report."""
    write(tmp_path, "import nothing_like_this")

    async def run() -> str:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.transport.abort()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with (
            server,
            harness.started(tmp_path, api=server.sockets[0].getsockname()[1], environment=start) as runtime,
        ):
            assert await runtime.exit_code() == 1
            assert b"Unable to import module 'app'" in runtime.framed()
            return await runtime.stdout()

    assert asyncio.run(run()) == ""


def test_an_exception_while_importing(tmp_path: Path) -> None:
    write(tmp_path, "raise ValueError('at start')\n")
    header, told, _ = init_error(tmp_path)
    assert header == told["errorType"] == "ValueError"
    assert "importlib/__init__.py" in told["stackTrace"][0]
    assert told["stackTrace"][-1] == (
        f"  File \"{tmp_path}/app.py\", line 1, in <module>\n    raise ValueError('at start')\n"
    )


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("sys.exit(0)", 0),
        ("sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("sys.exit('bye')", 1),
        ("os._exit(5)", 5),
        ("raise KeyboardInterrupt", -2),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.abort()", -6),
    ],
)
@pytest.mark.parametrize("phase", ["init", "handler"])
def test_a_function_that_ends_its_process(tmp_path: Path, statement: str, code: int, phase: str) -> None:
    inside = statement if phase == "handler" else "pass"
    before = statement if phase == "init" else ""
    write(tmp_path, f"import os, sys\n{before}\ndef handler(event, context):\n    {inside}\n")

    async def run() -> None:
        async with harness.started(tmp_path) as runtime:
            if phase == "handler":
                await runtime.heard.hear("next")
                runtime.api.deliver(harness.invocation(b"{}"))
            assert await runtime.exit_code() == code
            assert runtime.heard.said.empty()

    asyncio.run(run())


def test_the_end_of_the_process_is_a_normal_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import atexit, sys, threading, time\n"
        "atexit.register(print, 'at exit')\n"
        "def handler(event, context):\n"
        "    threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\n"
        "    print('handler', end='')\n"
        "    sys.exit(4)\n",
    )

    async def run() -> None:
        async with harness.started(tmp_path) as runtime:
            await runtime.heard.hear("next")
            runtime.api.deliver(harness.invocation(b"{}"))
            assert await runtime.exit_code() == 4
            assert await runtime.stdout() == "handlerthread\nat exit\n"

    asyncio.run(run())


def test_the_log_is_framed(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import logging, os\n"
        "def handler(event, context):\n"
        "    logging.getLogger().warning('two\\nlines')\n"
        "    return '_LAMBDA_TELEMETRY_LOG_FD' in os.environ\n",
    )

    async def run() -> None:
        async with harness.started(tmp_path) as runtime:
            said = await runtime.invoke({})
            assert said[2] == b"false"
            frame = runtime.framed()
            assert frame[:3] == b"\xa5\x5a\x00"
            assert int.from_bytes(frame[4:8], "big") == len(frame) - 16
            assert frame[16:].startswith(b"[WARNING]\t") and frame.endswith(b"\tr-1\ttwo\nlines\n")

    asyncio.run(run())


def test_json_logs_and_their_level(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import logging\n"
        "def handler(event, context):\n"
        "    logging.getLogger().info('no')\n    logging.getLogger().error('yes')\n",
    )

    async def run() -> None:
        more = {"log_format": "JSON", "application_log_level": "ERROR"}
        async with harness.started(tmp_path, **more) as runtime:
            await runtime.invoke({})
            told = json.loads(runtime.framed()[16:])
            assert (told["level"], told["message"], told["requestId"]) == ("ERROR", "yes", "r-1")

    asyncio.run(run())


def test_search_path_arguments_and_environment(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import os, sys\n"
        "def handler(event, context):\n"
        "    return [sys.path, sys.argv, dict(os.environ), os.getcwd(), sys.modules['__main__'].__file__]\n",
    )
    path, argv, environ, cwd, main = result(tmp_path, environment={"OWN": "value"})
    runtime = str(clients.folder_of(harness.newest(), harness.CACHE))
    assert path[:2] == [str(tmp_path), runtime]
    assert not any("site-packages" in part for part in path)
    assert argv == [main] == [f"{runtime}/bootstrap.py"]
    assert cwd == environ["PWD"] == environ["LAMBDA_TASK_ROOT"] == str(tmp_path)
    assert environ["OWN"] == "value"
    assert environ["_X_AMZN_TRACE_ID"] == "Root=1-0;Sampled=0"
    assert "HOME" not in environ


def test_the_time_zone(tmp_path: Path) -> None:
    write(
        tmp_path, "import time\ndef handler(event, context):\n    return [time.tzname[0], time.localtime(0).tm_hour]\n"
    )
    assert result(tmp_path) == ["UTC", 0]
    assert result(tmp_path, environment={"TZ": "JST-9"}) == ["JST", 9]


def test_a_functions_own_packages_win(tmp_path: Path) -> None:
    write(tmp_path, "own = True\n", "boto3/__init__.py")
    write(tmp_path, "own = True\n", "calendar.py")
    write(tmp_path, "", "email/readme.txt")  # no package: hides nothing
    write(
        tmp_path,
        "import boto3, botocore, calendar, email\n"
        "def handler(event, context):\n"
        "    return [boto3.own, calendar.own, botocore.__file__, email.__file__]\n",
    )
    own, calendar, botocore, email = result(tmp_path)
    assert own and calendar
    assert botocore.startswith(str(clients.folder_of(harness.newest(), harness.CACHE)))
    assert "/lib/python" in email


def test_a_functions_own_dependency_is_used_by_the_sdk_too(tmp_path: Path) -> None:
    client = clients.install(harness.newest(), harness.CACHE)
    (tmp_path / "jmespath").symlink_to(client / "jmespath")
    write(
        tmp_path,
        "import jmespath, botocore.paginate\n"
        "def handler(event, context):\n"
        "    return [jmespath.__file__, botocore.paginate.jmespath is jmespath]\n",
    )
    file, same = result(tmp_path)
    assert file.startswith(str(tmp_path))
    assert same


def test_pythonpath_of_the_user(tmp_path: Path) -> None:
    write(tmp_path, "value = 7\n", "lib2/inner.py")
    write(tmp_path, "import inner, boto3\ndef handler(event, context):\n    return inner.value\n")
    assert result(tmp_path, environment={"PYTHONPATH": f"{tmp_path}/lib2"}) == 7


def test_a_path_file(tmp_path: Path) -> None:
    write(tmp_path, "value = 7\n", "vendored/inner.py")
    write(tmp_path, "vendored\n", "own.pth")
    write(tmp_path, "import inner\ndef handler(event, context):\n    return inner.value\n")
    assert result(tmp_path) == 7


def test_a_nested_handler(tmp_path: Path) -> None:
    write(tmp_path, "def run(event, context):\n    return 7\n", "a/b.py")
    assert result(tmp_path, handler="a/b.run") == 7
    assert result(tmp_path, handler="a.b.run") == 7


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "MALLOC_ARENA_MAX"])
def test_what_only_a_real_start_heeds_gets_one(tmp_path: Path, name: str) -> None:
    write(
        tmp_path,
        "import sys, boto3\n"
        "def handler(event, context):\n"
        "    leaked = [part for part in sys.path if 'site-packages' in part]\n"
        "    return [sys.flags.hash_randomization, sys.argv, sys.orig_argv[0], leaked]\n",
    )
    randomised, argv, first, leaked = result(tmp_path, environment={name: "0"})
    assert randomised == (name != "PYTHONHASHSEED")
    assert argv[0].endswith("/bootstrap.py")
    assert Path(first).name.startswith("python3")
    assert leaked == []


def test_a_wrapper(tmp_path: Path) -> None:
    write(tmp_path, '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n', "wrap")
    (tmp_path / "wrap").chmod(0o755)
    write(tmp_path, "import os\ndef handler(event, context):\n    return os.environ['WRAPPED']\n")
    assert result(tmp_path, environment={"AWS_LAMBDA_EXEC_WRAPPER": f"{tmp_path}/wrap"}) == "yes"


@pytest.mark.parametrize(
    ("mode", "code", "text"), [(None, 127, "does not exist"), (0o644, 126, "is not an executable")]
)
def test_a_wrapper_that_can_not_run(tmp_path: Path, mode: int | None, code: int, text: str) -> None:
    wrapper = tmp_path / "wrap"
    if mode is not None:
        wrapper.touch(mode)
    write(tmp_path, "")

    async def run() -> None:
        async with harness.started(tmp_path, environment={"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}) as runtime:
            assert await runtime.exit_code() == code
            assert await runtime.stdout() == f"{wrapper}: {text}\n"

    asyncio.run(run())


def inside(task: Path, version: str, **more: Any) -> tuple[str, Any]:
    """What the function says where AWS's folders are in place."""
    interpreter = interpreters.find()[version]
    clients.install(interpreter, harness.CACHE)
    script = Path(__file__).parent / "inside.py"
    arguments = [version, str(task), str(harness.CACHE), json.dumps(more)]
    root = [] if subprocess.run(["id", "-u"], capture_output=True, check=True).stdout == b"0\n" else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", *root, "--mount", "--net", sys.executable, script, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kind, told = json.loads(done.stdout.splitlines()[-1])
    return kind, told


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_the_host_shows_inside(tmp_path: Path, version: str) -> None:
    write(
        tmp_path,
        "import importlib, sys, boto3\n"
        "def paths():\n"
        "    for module in list(sys.modules.values()):\n"
        "        yield getattr(module, '__file__', None) or ''\n"
        "        yield from getattr(module, '__path__', ())\n"
        "        yield getattr(getattr(module, '__spec__', None), 'origin', None) or ''\n"
        "def handler(event, context):\n"
        "    boto3.client('s3')\n"
        "    for name in ('boto3.ec2', 'botocore.crt.auth', 'xmlrpc.client', 'sqlite3'):\n"
        "        try: importlib.import_module(name)\n"
        "        except ImportError as missing: assert 'awscrt' in str(missing), missing\n"
        "    own = ('/var/', 'built-in', 'frozen')\n"
        "    return {'strange': sorted({p for p in paths() if p and not p.startswith(own)}),\n"
        "            'path': sys.path, 'prefix': sys.prefix, 'executable': sys.executable,\n"
        "            'boto3': boto3.__file__, 'argv': sys.argv, 'orig': getattr(sys, 'orig_argv', None)}\n",
    )
    kind, told = inside(tmp_path, version)
    assert kind == "response"
    assert told["strange"] == []
    lib = f"/var/lang/lib/python{version}"
    assert told["path"] == [
        "/var/task",
        f"/opt/python/lib/python{version}/site-packages",
        "/opt/python",
        "/var/runtime",
        f"/var/lang/lib/python{version.replace('.', '')}.zip",
        lib,
        f"{lib}/lib-dynload",
    ]
    assert (told["prefix"], told["executable"]) == ("/var/lang", f"/var/lang/bin/python{version}")
    assert told["boto3"] == "/var/runtime/boto3/__init__.py"
    assert told["argv"] == ["/var/runtime/bootstrap.py"]
    assert told["orig"] in (None, [f"/var/lang/bin/python{version}", "/var/runtime/bootstrap.py"])


def test_the_stack_of_an_init_error_is_awss(tmp_path: Path) -> None:
    write(tmp_path, 'raise Exception("Runtime startup fails")\n', "lambda_runtime_error.py")
    version = VERSIONS[-1]
    kind, told = inside(tmp_path, version, handler="lambda_runtime_error.handler")
    assert kind == "init_error"
    assert told["errorMessage"] == "Runtime startup fails"
    assert (told["errorType"], told["requestId"]) == ("Exception", "")
    assert [frame.partition(",")[0] for frame in told["stackTrace"]] == [
        f'  File "/var/lang/lib/python{version}/importlib/__init__.py"',
        '  File "<frozen importlib._bootstrap>"',
        '  File "<frozen importlib._bootstrap>"',
        '  File "<frozen importlib._bootstrap>"',
        '  File "<frozen importlib._bootstrap>"',
        '  File "<frozen importlib._bootstrap_external>"',
        '  File "<frozen importlib._bootstrap>"',
        '  File "/var/task/lambda_runtime_error.py"',
    ]
    assert told["stackTrace"][0].endswith("return _bootstrap._gcd_import(name[level:], package, level)\n")
    assert told["stackTrace"][-1].endswith('raise Exception("Runtime startup fails")\n')


def test_a_real_start_inside(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import sys, boto3\ndef handler(event, context):\n    return [sys.prefix, sys.path[0], boto3.__file__]\n",
    )
    kind, told = inside(tmp_path, VERSIONS[-1], environment={"PYTHONHASHSEED": "1"})
    assert (kind, told) == ("response", ["/var/lang", "/var/task", "/var/runtime/boto3/__init__.py"])


def test_log_settings_inside(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import awslambdaric.bootstrap as b\n"
        "def handler(event, context):\n"
        "    return b._AWS_LAMBDA_LOG_FORMAT == b.LogFormat.JSON\n",
    )
    assert inside(tmp_path, VERSIONS[-1])[1] is False
    assert inside(tmp_path, VERSIONS[-1], log_format="JSON")[1] is True


def test_an_index_that_does_not_say_what_a_package_needs_gives_each_interpreter_its_own(tmp_path: Path) -> None:
    """A private index may list packages without Requires-Python: an old interpreter must not get a new package."""
    index = tmp_path / "index" / "needy"
    index.mkdir(parents=True)
    links = []
    for version, needs in (("1.0", ">=3.8"), ("2.0", ">=3.11")):
        name = f"needy-{version}-py3-none-any.whl"
        with zipfile.ZipFile(index / name, "w") as wheel:
            about = f"needy-{version}.dist-info"
            wheel.writestr("needy.py", f"version = '{version}'\n")
            said = f"Metadata-Version: 2.1\nName: needy\nVersion: {version}\nRequires-Python: {needs}\n"
            wheel.writestr(f"{about}/METADATA", said)
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
        links.append(f'<a href="{name}">{name}</a>')
    (index / "index.html").write_text("".join(links))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "REQUIREMENTS", ("needy",))
        patch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
        for version, wanted in (("3.9", "1.0"), ("3.12", "2.0")):
            interpreter = interpreters.Interpreter(version, version, Path(sys.executable), Path("/"), Path("/"))
            folder = clients.install(interpreter, tmp_path / "cache")
            assert (folder / "needy.py").read_text() == f"version = '{wanted}'\n"
