"""Functions that are told the platform's time, in every way in which functions are run; and those that are not."""

import base64
import json
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lambent.runtimes import clients, interpreters
from tests.e2e.conftest import ROLE, Deploy, Server, package, start
from tests.e2e.runtimes.harness import CACHE
from tests.e2e.runtimes.test_image import an_image

DAY = 86_400
HERE = f"python3.{sys.version_info.minor}"
Begin = Callable[..., Server]
PYTHONS = tuple(f"python{version}" for version in interpreters.find())
TOLD = ("--clock", "manual", "--function-time", "platform")

READS = """
from datetime import date, datetime, timezone
from time import time as earlier
import os, subprocess, sys, time, uuid
import botocore.auth

class Own(datetime):
    pass

def reads():
    utc = timezone.utc
    uuid1 = (uuid.uuid1().time - 0x01b21dd213814000) / 1e7
    return {
        "time": time.time(), "earlier": earlier(), "time_ns": time.time_ns() / 1e9,
        "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME), "gmtime": time.mktime(time.gmtime()),
        "localtime": time.mktime(time.localtime()), "strftime": float(time.strftime("%s")),
        "ctime": time.mktime(time.strptime(time.ctime())), "asctime": time.mktime(time.strptime(time.asctime())),
        "now": datetime.now(utc).timestamp(), "utcnow": datetime.utcnow().replace(tzinfo=utc).timestamp(),
        "today": datetime.today().timestamp(), "own": Own.now(utc).timestamp(), "uuid1": uuid1,
        "date": date.today().isoformat(), "sdk": botocore.auth.datetime.datetime.now(utc).timestamp(),
    }

AT_START = time.time()
STARTED = time.monotonic()

def handler(event, context):
    first = context.get_remaining_time_in_millis()
    slept = time.monotonic()
    time.sleep(event.get("sleep", 0))
    slept = time.monotonic() - slept
    since = time.time()
    deadline = time.monotonic() + 20
    print(event.get("mark", ""), flush=True)
    while time.time() < event.get("until", 0) and time.monotonic() < deadline:
        time.sleep(0.005)
    return {
        "reads": reads(), "at_start": AT_START, "since": since, "until": time.time(), "slept": slept,
        "left": [first, context.get_remaining_time_in_millis()], "monotonic": time.monotonic() - STARTED,
        "secret": [name for name in os.environ if "LAMBENT" in name],
        "modules": [name for name in ("time_machine", "pytest", "lambent_time") if name in sys.modules],
        "child": float(subprocess.run(["date", "+%s"], stdout=subprocess.PIPE).stdout),
    }
"""

NODE_READS = """
const { Worker } = require('node:worker_threads');
class Own extends Date {}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const inWorker = () => new Promise((resolve, reject) => new Worker(
  "require('node:worker_threads').parentPort.postMessage(Date.now())", { eval: true },
).on('message', resolve).on('error', reject));
const started = Date.now();
const secret = Object.getOwnPropertySymbols(globalThis).map(String);
exports.handler = async (event, context) => {
  const first = context.getRemainingTimeInMillis();
  await sleep((event.sleep ?? 0) * 1000);
  const since = Date.now();
  const deadline = process.hrtime.bigint() + 20000000000n;
  console.log(event.mark ?? '');
  while (Date.now() < (event.until ?? 0) * 1000 && process.hrtime.bigint() < deadline) await sleep(5);
  return {
    reads: {
      now: Date.now() / 1000, date: new Date().getTime() / 1000, own: new Own().getTime() / 1000,
      text: Date.parse(Date()) / 1000, worker: await inWorker() / 1000,
    },
    at_start: started / 1000, since: since / 1000, until: Date.now() / 1000,
    left: [first, context.getRemainingTimeInMillis()],
    kinds: [new Own() instanceof Date, new Date(5).getTime(), new Date().constructor === Date],
    secret: [...Object.keys(process.env).filter((name) => name.includes('LAMBENT')),
             ...secret.filter((name) => name.includes('lambent'))],
  };
};
"""


NODE_LOG = (
    "exports.handler = async () => { console.warn('said'); await new Promise((done) => setTimeout(done, 300)); };"
)

PACE = """
import time
def handler(event, context):
    first = context.get_remaining_time_in_millis()
    began, monotonic = time.time(), time.monotonic()
    time.sleep(0.5)
    ended, monotonic = time.time(), time.monotonic() - monotonic
    left = [first, context.get_remaining_time_in_millis()]
    return {"began": began, "ended": ended, "monotonic": monotonic, "left": left}
"""

NODE_PACE = """
exports.handler = async (event, context) => {
  const first = context.getRemainingTimeInMillis();
  const [began, monotonic] = [Date.now() / 1000, process.hrtime.bigint()];
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [ended, passed] = [Date.now() / 1000, Number(process.hrtime.bigint() - monotonic) / 1e9];
  return { began, ended, monotonic: passed, left: [first, context.getRemainingTimeInMillis()] };
};
"""

SDK = """
import boto3, botocore.utils

ASKED = []
FETCHER = botocore.utils.ContainerMetadataFetcher
FETCH = FETCHER.retrieve_full_uri
FETCHER.retrieve_full_uri = lambda self, *args, **kw: ASKED.append(1) or FETCH(self, *args, **kw)
session = boto3.Session()
LAMBDA, S3, SQS = (session.client(name) for name in ("lambda", "s3", "sqs"))
S3.list_buckets()

def handler(event, context):
    queue = SQS.create_queue(QueueName="q")["QueueUrl"]
    for _ in range(3):
        S3.list_buckets()
        sent = SQS.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
        names = sorted(one["FunctionName"] for one in LAMBDA.list_functions()["Functions"])
    return {"names": names, "sent": sent, "asked": len(ASKED), "key": session.get_credentials().access_key}
"""

NODE_SDK = """
const { LambdaClient, ListFunctionsCommand } = require('@aws-sdk/client-lambda');
const client = new LambdaClient();
exports.handler = async () => {
  let found;
  for (let time = 0; time < 3; time++) found = await client.send(new ListFunctionsCommand({}));
  return found.Functions.map((one) => one.FunctionName).sort();
};
"""

SNAP = {"Runtime": "python3.13", "SnapStart": {"ApplyOn": "PublishedVersions"}}
MAPPED = {"LAMBENT_RUNTIME_MAP": f"python3.13=3.{sys.version_info.minor}", "LAMBENT_IDLE_SECONDS": "never"}
"""AWS has SnapStart from python3.12 on; it works on any interpreter here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose clock is moved by hand and told to functions, in the place of the one that all tests share."""
    running = start(tmp_path_factory.mktemp("data"), *TOLD, env={"LAMBENT_IDLE_SECONDS": "never"})
    yield running
    assert running.stop() == 0, "".join(running.output)


def create(server: Server, name: str, code: str = "", files: dict[str, str] | None = None, **options: Any) -> None:
    """A function of `code`, active."""
    client = server.client("lambda")
    settings = {"Runtime": HERE, "Handler": "app.handler", "Role": ROLE, "Timeout": 30, "MemorySize": 1024, **options}
    suffix = ".js" if settings["Handler"].startswith("index") else ".py"
    made = package(files or {settings["Handler"].partition(".")[0] + suffix: code})
    client.create_function(FunctionName=name, Code={"ZipFile": made}, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})


def publish(server: Server, name: str) -> None:
    client = server.client("lambda")
    client.publish_version(FunctionName=name)
    while (found := client.get_function_configuration(FunctionName=name, Qualifier="1"))["State"] == "Pending":
        time.sleep(0.02)
    assert found["State"] == "Active", found


def platform(server: Server) -> float:
    """What the platform's clock reads."""
    return float(server.page("clock")["seconds"])


def advance(server: Server, by: str) -> None:
    body = json.dumps({"advance": by}).encode()
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/clock", body, timeout=90) as answer:
        assert json.load(answer)["running"] == 0


def ask(server: Server, name: str, **event: Any) -> Any:
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def reads_of(said: dict[str, Any]) -> dict[str, float]:
    """Those that are seconds."""
    return {name: value for name, value in said["reads"].items() if isinstance(value, float | int)}


def untold(server: Server) -> dict[str, str]:
    """What each function is not told for."""
    found = server.page("findings")["findings"]
    return {
        one["resource"].rpartition(":")[2]: one["message"] for one in found if one["code"] == "function-time-not-told"
    }


def sees(server: Server, name: str, **event: Any) -> dict[str, Any]:
    """Invoke, and hold everything that it reads against a clock that stands."""
    now = platform(server)
    said: dict[str, Any] = ask(server, name, **event)
    for read, seconds in reads_of(said).items():
        exact = 0 if read in ("time", "earlier", "time_ns", "clock_gettime") else 1.01
        assert abs(seconds - now) <= exact, (read, seconds, now)
    assert said["secret"] == []
    return said


def moves_while_it_runs(server: Server, name: str) -> None:
    before = platform(server)
    until = before + 2 * DAY - 0.01
    mark = uuid.uuid4().hex
    heard: list[Any] = []
    asking = threading.Thread(target=lambda: heard.append(ask(server, name, until=until, mark=mark)))
    asking.start()
    group = f"/aws/lambda/{name.partition(':')[0]}"
    while not server.client("logs").filter_log_events(logGroupName=group, filterPattern=mark)["events"]:
        assert asking.is_alive()
        time.sleep(0.02)
    advance(server, "2d")
    asking.join()
    assert abs(heard[0]["since"] - before) < 0.01 and abs(heard[0]["until"] - before - 2 * DAY) < 0.01


def deadline_is_real(server: Server, name: str) -> None:
    said = sees(server, name, sleep=0.3)
    first, then = said["left"]
    assert 3_000 < first <= 30_000, said["left"]
    assert 250 <= first - then <= 5_000, said["left"]


@pytest.mark.parametrize("runtime", PYTHONS)
def test_python_reads_the_platforms_clock_and_no_other(server: Server, deploy: Deploy, runtime: str) -> None:
    name = deploy(READS, Runtime=runtime, Timeout=30, MemorySize=1024)
    first = sees(server, name)
    advance(server, "2d")
    second = sees(server, name)
    assert second["reads"]["time"] - first["reads"]["time"] == 2 * DAY
    assert second["at_start"] == first["at_start"] == first["reads"]["time"]
    assert second["reads"]["date"] > first["reads"]["date"]
    assert second["modules"] == ["time_machine", "lambent_time"]
    assert second["monotonic"] < 60
    assert abs(second["child"] - time.time()) < 60, "programs that it starts see the machine's"
    deadline_is_real(server, name)
    moves_while_it_runs(server, name)
    assert name not in untold(server)


@pytest.mark.parametrize("major", ["16", "18", "20", "22", "24"])
def test_node_reads_the_platforms_clock(server: Server, deploy: Deploy, major: str) -> None:
    options = {"Runtime": f"nodejs{major}.x", "Handler": "index.handler", "Timeout": 30, "MemorySize": 1024}
    name = deploy("", files={"index.js": NODE_READS}, **options)
    assert sees(server, name)["kinds"] == [True, 5, True]
    advance(server, "2d")
    sees(server, name)
    deadline_is_real(server, name)
    moves_while_it_runs(server, name)
    assert name not in untold(server)


@pytest.mark.parametrize("level", ["namespace", "process"])
def test_at_every_level_and_after_a_real_start(own_server: Begin, level: str) -> None:
    server = own_server(*TOLD, "--isolation", level)
    create(server, "forked", READS)
    create(server, "started", READS, Environment={"Variables": {"PYTHONOPTIMIZE": "1"}})
    create(server, "node", NODE_READS, Runtime="nodejs22.x", Handler="index.handler")
    advance(server, "2d")
    for name in ("forked", "started", "node"):
        deadline_is_real(server, name)
        moves_while_it_runs(server, name)
    assert untold(server) == {}


def test_a_snapshot_goes_by_the_clock_and_so_do_its_environments(own_server: Begin) -> None:
    server = own_server(*TOLD, env=MAPPED)
    create(server, "snapped", READS, **SNAP)
    at_init = platform(server)
    publish(server, "snapped")
    advance(server, "2d")
    for _ in range(2):
        said = sees(server, "snapped:1")
        assert abs(said["at_start"] - at_init) < 0.01
    deadline_is_real(server, "snapped:1")
    moves_while_it_runs(server, "snapped:1")
    assert server.page("findings")["findings"] == []


def test_the_sdk_works_a_month_ahead_and_asks_once_for_credentials(own_server: Begin) -> None:
    server = own_server(*TOLD, env=MAPPED)
    create(server, "sdk", SDK, **SNAP)
    publish(server, "sdk")
    create(server, "node", NODE_SDK, Runtime="nodejs22.x", Handler="index.handler")
    for moved in ("30d", "1d"):
        advance(server, moved)
        assert ask(server, "node") == ["node", "sdk"]
        for name in ("sdk", "sdk:1"):
            first, second = ask(server, name), ask(server, name)
            assert first["names"] == ["node", "sdk"] and first["sent"] and first["key"].startswith("ASIA")
            assert second["asked"] == first["asked"] <= 4, "not again for every call"
            assert second["key"] == first["key"]


def test_a_scaled_clock_runs_as_fast_in_functions(own_server: Begin) -> None:
    server = own_server("--time-scale", "600", "--function-time", "platform")
    create(server, "python", PACE)
    create(server, "node", NODE_PACE, Runtime="nodejs22.x", Handler="index.handler")
    for name in ("python", "node"):
        before = platform(server)
        said = ask(server, name)
        after = platform(server)
        assert before < said["began"] < said["ended"] < after
        assert (said["ended"] - said["began"]) / said["monotonic"] == pytest.approx(600, rel=0.2)
        assert 250 <= said["left"][0] - said["left"][1] <= 5_000 and said["left"][0] <= 30_000


def test_logs_are_of_the_platforms_time_and_durations_are_real(server: Server, deploy: Deploy) -> None:
    code = "import time, logging\ndef handler(e, c):\n    logging.getLogger().warning('said')\n    time.sleep(0.3)\n"
    for runtime, handler, files in ((HERE, "app.handler", {}), ("nodejs22.x", "index.handler", {"index.js": NODE_LOG})):
        json_logs = {"LoggingConfig": {"LogFormat": "JSON"}}
        name = deploy(code, files=files, Runtime=runtime, Handler=handler, Timeout=30, MemorySize=512, **json_logs)
        now = platform(server)
        answer = server.client("lambda").invoke(FunctionName=name, LogType="Tail")
        tail = base64.b64decode(answer["LogResult"]).decode()
        lines = [json.loads(line) for line in tail.splitlines()]
        said = next(line for line in lines if line.get("message") == "said")
        assert abs(datetime.fromisoformat(said["timestamp"]).timestamp() - now) <= 1
        metrics = next(line for line in lines if line.get("type") == "platform.report")["record"]["metrics"]
        assert 300 <= metrics["durationMs"] < 5_000 and metrics["billedDurationMs"] < 10_000
        events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        assert {abs(event["timestamp"] / 1000 - now) < 1 for event in events} == {True}


def test_what_can_t_be_told_is_said_and_runs_by_the_machines_time(own_server: Begin, tmp_path: Path) -> None:
    server = own_server(*TOLD)
    bootstrap = {"bootstrap": "#!/bin/sh\n"}
    create(server, "own", files=bootstrap, Runtime="provided.al2023")
    uri, _ = an_image(tmp_path)
    client = server.client("lambda")
    client.create_function(FunctionName="image", PackageType="Image", Role=ROLE, Code={"ImageUri": uri})
    client.get_waiter("function_active_v2").wait(FunctionName="image", WaiterConfig={"Delay": 0.05})
    found = untold(server)
    assert set(found) == {"own", "image"}
    assert found["own"].startswith(
        "it sees the machine's time, not the platform's: programs of runtime provided.al2023"
    )
    assert found["image"].startswith("it sees the machine's time, not the platform's: programs of container images")
    assert server.stop() == 0
    again = own_server(*TOLD, data_dir=server.data_dir)
    assert again.client("lambda").invoke(FunctionName="own")["FunctionError"]
    assert set(untold(again)) == {"own"}, "said again at its first start"


def test_a_registry_that_can_t_be_reached_is_said_and_the_function_runs(own_server: Begin, tmp_path: Path) -> None:
    mine = clients.install(interpreters.find()[HERE.removeprefix("python")], CACHE)
    (tmp_path / "lambent" / "clients").mkdir(parents=True)
    (tmp_path / "lambent" / "clients" / mine.name).symlink_to(mine)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"}
    server = own_server(*TOLD, env={**nowhere, "XDG_CACHE_HOME": str(tmp_path), "PIP_EXTRA_INDEX_URL": ""})
    create(server, "alone", READS)
    advance(server, "2d")
    assert abs(ask(server, "alone")["reads"]["now"] - time.time()) < 60
    assert "time-machine for CPython" in untold(server)["alone"]
    assert any("see the machine's time" in line for line in server.output)


@pytest.mark.parametrize("options", [("--clock", "manual"), ("--function-time", "platform")])
def test_without_both_functions_are_not_touched(own_server: Begin, options: tuple[str, ...]) -> None:
    server = own_server(*options)
    create(server, "python", READS)
    create(server, "node", NODE_READS, Runtime="nodejs22.x", Handler="index.handler")
    if "--clock" in options:
        advance(server, "2d")
    said = ask(server, "python")
    assert said["modules"] == said["secret"] == []
    for name in ("python", "node"):
        assert abs(ask(server, name)["reads"]["now"] - time.time()) < 10
    assert server.page("findings")["findings"] == []
    assert not (server.data_dir / "dial").exists()
