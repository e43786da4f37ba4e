"""Node.js functions: AWS's own runtime client on our Runtime API, in a sandbox."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from lambent.sandbox.spec import Level
from tests.e2e.runtimes.machine import Files, Running, machine

HANDLER = "index.handler"
NODE = "nodejs22.x"
LEVELS = pytest.mark.parametrize("level", [Level.NAMESPACE, Level.PROCESS])


def in_node(folder: Path, files: Files, use: Any, *layers: Files, level: Level = Level.NAMESPACE, **more: Any) -> None:
    """`use` an environment of a function of `files`."""

    async def main() -> None:
        async with machine(folder, level) as one:
            runtime = more.pop("runtime", NODE)
            function = await one.function(runtime, files, *layers, **{"handler": HANDLER, "memory": 1024, **more})
            async with one.running(function) as running:
                await use(running)

    asyncio.run(main())


LOOK = """
exports.handler = async (event, context) => ({
  event,
  version: process.version.split('.')[0],
  main: process.argv[1],
  id: context.awsRequestId,
  arn: context.invokedFunctionArn,
  memory: context.memoryLimitInMB,
  left: context.getRemainingTimeInMillis() > 0,
  path: process.env.NODE_PATH,
  secret: Object.keys(process.env).filter((name) => name.startsWith('LAMBENT') || name.includes('TELEMETRY')),
  sdk: Object.keys(require('@aws-sdk/client-s3')).includes('S3Client'),
});
"""


@pytest.mark.parametrize("major", ["20", "22", "24"])
def test_each_runtime_runs_on_its_own_node(tmp_path: Path, major: str) -> None:
    async def use(running: Running) -> None:
        seen = await running.answer({"a": "é"})
        assert seen == {
            "event": {"a": "é"},
            "version": f"v{major}",
            "main": "/var/runtime/index.mjs",
            "id": "r-1",
            "arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "memory": "1024",
            "left": True,
            "path": (
                f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:"
                "/var/runtime/node_modules:/var/runtime:/var/task"
            ),
            "secret": [],
            "sdk": True,
        }

    in_node(tmp_path, {"index.js": LOOK}, use, runtime=f"nodejs{major}.x")


ESM = """
import { S3Client } from '@aws-sdk/client-s3';
import { where } from 'shared';
import { own } from 'own';
export const handler = async () => [typeof S3Client, where, own];
"""
MODULE = '{"type": "module", "exports": "./index.js"}'


@LEVELS
@pytest.mark.parametrize("major", ["20", "22"])
def test_es_modules_of_layers_and_of_the_sdk(tmp_path: Path, level: Level, major: str) -> None:
    async def use(running: Running) -> None:
        assert await running.answer() == ["function", f"node{major}", "package"]

    files = {
        "index.mjs": ESM,
        "node_modules/own/package.json": MODULE,
        "node_modules/own/index.js": "export const own = 'package'",
    }
    layer = {
        "nodejs/node_modules/shared/package.json": MODULE,
        "nodejs/node_modules/shared/index.js": "export const where = 'nodejs'",
        f"nodejs/node{major}/node_modules/shared/package.json": MODULE,
        f"nodejs/node{major}/node_modules/shared/index.js": f"export const where = 'node{major}'",
        "nodejs/node_modules/own/package.json": MODULE,
        "nodejs/node_modules/own/index.js": "export const own = 'layer'",
    }
    in_node(tmp_path, files, use, layer, level=level, runtime=f"nodejs{major}.x")


def test_state_lives_and_callbacks_work(tmp_path: Path) -> None:
    async def use(running: Running) -> None:
        assert [await running.answer(), await running.answer()] == [0, 1]

    code = "let count = 0; exports.handler = (event, context, callback) => callback(null, count++)"
    in_node(tmp_path, {"index.js": code}, use)


def test_large_events_and_answers(tmp_path: Path) -> None:
    async def use(running: Running) -> None:
        for size in (70_000, 5_000_000):
            assert await running.answer("é" * size) == size * 2

    code = "exports.handler = async (event) => Buffer.byteLength(event)"
    in_node(tmp_path, {"index.js": code}, use)

    async def long(running: Running) -> None:
        assert await running.answer(3_000_000) == "é" * 1_500_000

    (tmp_path / "two").mkdir()
    in_node(tmp_path / "two", {"index.js": "exports.handler = async (n) => 'é'.repeat(n / 2)"}, long)


def error_of(said: tuple[Any, ...]) -> dict[str, Any]:
    assert said[0] in ("error", "init_error"), said
    body: dict[str, Any] = json.loads(said[-1])
    return body


def test_an_exception_is_awss(tmp_path: Path) -> None:
    async def use(running: Running) -> None:
        error = error_of(await running.invoke())
        assert sorted(error) == ["errorMessage", "errorType", "trace"]
        assert (error["errorType"], error["errorMessage"]) == ("Error", "Error: some_error_msg")
        assert error["trace"][:2] == [
            "Error: Error: some_error_msg", "    at exports.handler (/var/task/index.js:1:39)",
        ]  # fmt: skip

    code = "exports.handler = async () => { throw new Error('Error: some_error_msg') }"
    in_node(tmp_path, {"index.js": code}, use)


@pytest.mark.parametrize(
    ("files", "handler", "kind", "message"),
    [
        ({"index.js": "it is not code"}, HANDLER, "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected"),
        ({"index.js": "require('nope')"}, HANDLER, "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        ({"other.js": ""}, HANDLER, "Runtime.ImportModuleError", "Error: Cannot find module 'index'"),
        ({"index.js": "exports.h = 1"}, HANDLER, "Runtime.HandlerNotFound", "index.handler is undefined"),
        ({"index.js": ""}, "../x.handler", "Runtime.MalformedHandlerName", "'../x.handler' is not a valid"),
        ({"index.js": "throw new RangeError('at load')"}, HANDLER, "RangeError", "at load"),
    ],
)  # fmt: skip
def test_a_failed_init(tmp_path: Path, files: Files, handler: str, kind: str, message: str) -> None:
    async def use(running: Running) -> None:
        error = error_of(await running.heard.hear("init_error"))
        assert error["errorType"] == kind
        assert error["errorMessage"].startswith(message)

    in_node(tmp_path, files, use, handler=handler)


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("Promise.reject(new Error('x'))", "Runtime.UnhandledPromiseRejection", 128),
        ("setTimeout(() => { throw new TypeError('late') })", "TypeError", 129),
    ],
)
def test_what_nobody_catches_ends_the_process(tmp_path: Path, code: str, kind: str, status: int) -> None:
    async def use(running: Running) -> None:
        assert error_of(await running.invoke())["errorType"] == kind
        assert (await running.process.exited).code == status

    in_node(tmp_path, {"index.js": f"exports.handler = () => new Promise(() => {{ {code} }})"}, use)


def test_an_answer_is_there_before_the_process_ends(tmp_path: Path) -> None:
    """It is written synchronously, as by AWS's native part."""

    async def use(running: Running) -> None:
        assert await running.answer() == "ok"
        assert (await running.process.exited).code == 7

    code = """
    exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false;
      callback(null, 'ok');
      process.exit(7);
    };
    """
    in_node(tmp_path, {"index.js": code}, use)


def test_a_stream(tmp_path: Path) -> None:
    code = """
    exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
      const answer = awslambda.HttpResponseStream.from(stream, {statusCode: 201});
      answer.write('Hello, ');
      await new Promise((resolve) => setTimeout(resolve, 20));
      answer.write('world!');
      answer.end();
    });
    """

    async def use(running: Running) -> None:
        said = await running.invoke()
        assert bytes(said[2]).endswith(b"Hello, world!")
        assert b'{"statusCode":201}' in said[2]

    in_node(tmp_path, {"index.js": code}, use)


@pytest.mark.parametrize(("mode", "status"), [(0o644, 126), (None, 127)])
def test_a_wrapper_that_can_not_be_run(tmp_path: Path, mode: int | None, status: int) -> None:
    async def use(running: Running) -> None:
        assert (await running.process.exited).code == status
        what = "does not exist" if mode is None else "is not an executable"
        assert running.written() == f"/var/task/wrapper: {what}\n"

    files = {"index.js": "", **({"wrapper": "#!/bin/sh\n"} if mode else {})}
    in_node(tmp_path, files, use, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})


def test_a_wrapper_may_lose_every_descriptor(tmp_path: Path) -> None:
    wrapper = '#!/bin/bash\nexport WRAPPED=yes\nexec 3>&-\nexec "$@"\n'

    async def use(running: Running) -> None:
        assert await running.answer() == "yes"

    files = {"index.js": "exports.handler = async () => process.env.WRAPPED", "w*": wrapper}
    in_node(tmp_path, files, use, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/w"})


def test_warm_invocations_are_quick(tmp_path: Path) -> None:
    async def use(running: Running) -> None:
        running.launched.sandbox.unthrottle()
        for _ in range(50):
            await running.answer()
        started = time.perf_counter()
        for _ in range(200):
            await running.answer()
        # Seen here: 0.3 ms. A machine under load may be ten times slower.
        assert (time.perf_counter() - started) / 200 < 0.01

    in_node(tmp_path, {"index.js": "exports.handler = async () => 1"}, use)
