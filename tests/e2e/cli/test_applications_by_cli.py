"""`lambent deploy`, `diff`, `destroy` and `--watch` with whole applications, against a real server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.conftest import RUNTIME, TEMPLATE, Server

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Said: {Type: String, Default: hello}}
Globals: {Function: {Runtime: RUNTIME, Timeout: 10}}
Resources:
  First:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: by-cli-first, CodeUri: first, Handler: app.handler,
                 Environment: {Variables: {SAID: !Ref Said}},
                 Events: {Api: {Type: Api, Properties: {Path: /first, Method: get}}}}
  Second: {Type: AWS::Serverless::Function, Properties: {FunctionName: by-cli-second, CodeUri: second,
           Handler: app.handler}}
Outputs: {First: {Value: !Ref First}}
""".replace("RUNTIME", RUNTIME)
CODE = "import os\ndef handler(event, context):\n    return [{!r}, os.environ.get('SAID')]\n"
SERVICE = f"""
service: by-cli
provider: {{name: aws, runtime: {RUNTIME}}}
functions:
  work:
    handler: app.handler
    events:
      - sqs: {{arn: !GetAtt Queue.Arn, batchSize: 1}}
      - httpApi: GET /work
resources: {{Resources: {{Queue: {{Type: AWS::SQS::Queue}}}}, Outputs: {{Queue: {{Value: !Ref Queue}}}}}}
"""


def command(server: Server, *said: str) -> list[str]:
    return [sys.executable, "-m", "lambent.cli.main", "--endpoint", server.endpoint, *said]


ENVIRONMENT = {**os.environ, "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "x"}


def run(server: Server, *said: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = TEMPLATE.run(["--endpoint", server.endpoint, *said], ENVIRONMENT, seconds=110)
    assert done.returncode == code, done.stderr
    return done


def ask(server: Server, name: str) -> Any:
    return json.loads(server.client("lambda").invoke(FunctionName=name)["Payload"].read())


def until(server: Server, name: str, value: Any) -> float:
    started = time.monotonic()
    while ask(server, name) != value:
        assert time.monotonic() - started < 30, f"{value} never came"
    return time.monotonic() - started


@contextmanager
def watching(server: Server, folder: Path) -> Iterator[None]:
    process = subprocess.Popen(
        command(server, "deploy", str(folder), "--watch"), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert any("Ctrl-C ends it" in line for line in process.stderr)
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_an_application_is_deployed_compared_watched_and_destroyed(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "by-cli"
    for name in ("first", "second"):
        (folder / name).mkdir(parents=True)
        (folder / name / "app.py").write_text(CODE.format(name))
    (folder / "template.yaml").write_text(SAM)
    assert "+ First AWS::Lambda::Function" in run(server, "diff", str(folder)).stdout
    assert "First: by-cli-first" in run(server, "deploy", str(folder)).stdout
    assert ask(server, "by-cli-first") == ["first", "hello"]
    assert "nothing to change" in run(server, "deploy", str(folder)).stderr
    assert run(server, "diff", str(folder), "--param", "Said=bye").stdout.startswith(
        "~ First AWS::Lambda::Function (Environment)"
    )
    with watching(server, folder):
        (folder / "second" / "app.py").write_text(CODE.format("saved"))
        taken = until(server, "by-cli-second", ["saved", None])
        assert taken < 2, "a busy machine takes some time, but not that of a deployment"
        (folder / "template.yaml").write_text(SAM.replace("hello", "changed"))
        until(server, "by-cli-first", ["first", "changed"])
        (folder / "first" / "app.py").write_text(CODE.format("again"))
        until(server, "by-cli-first", ["again", "changed"])
    assert ask(server, "by-cli-second") == ["saved", None]
    run(server, "destroy", str(folder))
    assert "there is no stack" in run(server, "destroy", str(folder), code=1).stderr


def test_a_service_is_deployed_and_driven_by_its_queue(server: Server, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(SERVICE)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    print('came', event['Records'][0]['body'])\n")
    told = json.loads(run(server, "deploy", str(tmp_path), "--stage", "qa", "--json").stdout)
    [stack] = told["stacks"]
    assert stack["name"] == "by-cli-qa" and "HttpApiUrl" in stack["outputs"]
    server.client("sqs").send_message(QueueUrl=stack["outputs"]["Queue"], MessageBody="x1")
    deadline, seen = time.monotonic() + 30, ""
    while "came x1" not in seen:
        assert time.monotonic() < deadline
        events = server.client("logs").filter_log_events(logGroupName="/aws/lambda/by-cli-qa-work")["events"]
        seen = "".join(one["message"] for one in events)
    run(server, "destroy", "by-cli-qa")
    assert not [one for one in server.client("lambda").list_functions()["Functions"] if "by-cli" in one["FunctionName"]]
