"""docs/clients.md, row by row: what each client needs beside the variables of `lambent env`."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lambent.runtimes import node_clients
from tests.e2e.conftest import Server
from tests.e2e.runtimes.harness import CACHE

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
NOWHERE = "http://127.0.0.1:1"
"""A proxy that is none: who leaves the machine fails at once."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(server: Server) -> Run:
    """Runs a line in a shell that has said `eval "$(lambent env)"`, and can't leave the machine."""
    own = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": "/nonexistent", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    own |= {"HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}

    def call(line: str, **more: str) -> "subprocess.CompletedProcess[str]":
        script = f'eval "$(lambent env --endpoint {server.endpoint})"\n{line}'
        return subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=60, env=own | more, check=False
        )

    return call


def test_every_row_has_its_test() -> None:
    page = (ROOT / "docs/clients.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+?) \|", page, re.MULTILINE)[2:]
    assert len(rows) == 10
    for path in re.findall(r"`(tests/\S+\.py|test_\w+\.py)`", page):
        assert (ROOT / path).exists() or (Path(__file__).parent / path).exists(), path


def test_boto3(run: Run) -> None:
    calls = "boto3.client('sqs').list_queues(), boto3.client('lambda').list_functions()"
    done = run(f'python -c "import boto3; {calls}"')
    assert done.returncode == 0, done.stderr


def test_aws_cli_v1_finds_all_but_sqs(run: Run) -> None:
    assert "aws-cli/1" in run("aws --version").stdout
    for line in ("aws lambda list-functions", "aws s3api list-buckets", "aws logs describe-log-groups"):
        assert run(line).returncode == 0, line
    lost = run("aws sqs list-queues")
    assert lost.returncode != 0
    assert "queue.amazonaws.com" in lost.stderr or "proxy" in lost.stderr


def test_the_line_of_the_page_leads_aws_cli_v1_here(run: Run) -> None:
    (line,) = re.findall(r"^aws sqs.*$", (ROOT / "docs/clients.md").read_text("utf-8"), re.MULTILINE)
    done = run(line)
    assert done.returncode == 0, done.stderr


LIVE_TAIL = """
import boto3, threading, time
logs = boto3.client("logs")
logs.create_log_group(logGroupName="live")
logs.create_log_stream(logGroupName="live", logStreamName="s")
arn = logs.describe_log_groups(logGroupNamePrefix="live")["logGroups"][0]["logGroupArn"]
tail = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="ERROR")["responseStream"]
events = iter(tail)
print("sessionStart" in next(events))
said = [{"timestamp": int(time.time() * 1000), "message": text} for text in ("ERROR seen", "fine")]
logs.put_log_events(logGroupName="live", logStreamName="s", logEvents=said)
found = next(one for one in events if one["sessionUpdate"]["sessionResults"])
print([one["message"] for one in found["sessionUpdate"]["sessionResults"]])
"""
TAILED = """
(sleep 2.5; aws logs put-log-events --log-group-name live --log-stream-name s \\
   --log-events "timestamp=$(date +%s%3N),message=by the command line" >&2) &
timeout -s INT 6 aws logs start-live-tail \\
   --log-group-identifiers arn:aws:logs:us-east-1:000000000000:log-group:live
"""


def test_live_tail_with_boto3_and_the_command_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tail.py").write_text(LIVE_TAIL)
    done = run(f"python {tmp_path / 'tail.py'}")
    assert done.stdout.splitlines() == ["True", "['ERROR seen']"], done.stderr
    done = run(TAILED)
    assert "by the command line" in done.stdout, done.stderr


SCRIPT = """
const { SQSClient, ListQueuesCommand } = require("@aws-sdk/client-sqs");
const { LambdaClient, ListFunctionsCommand } = require("@aws-sdk/client-lambda");
const { S3Client, CreateBucketCommand, HeadBucketCommand } = require("@aws-sdk/client-s3");
(async () => {
  const s3 = new S3Client({ forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "from-node" }));
  const said = [
    await new SQSClient().send(new ListQueuesCommand({})),
    await new LambdaClient().send(new ListFunctionsCommand({})),
    await s3.send(new HeadBucketCommand({ Bucket: "from-node" })),
  ];
  console.log(JSON.stringify(said.map((one) => one.$metadata.httpStatusCode)));
})();
"""


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="it needs Node.js and npm")
def test_the_sdk_for_javascript(run: Run, tmp_path: Path) -> None:
    node_clients.install("22", ["npm"], CACHE)
    (tmp_path / "ask.cjs").write_text(SCRIPT)
    done = run(f"node {tmp_path / 'ask.cjs'}", NODE_PATH=str(node_clients.sdk_folder(CACHE) / "node_modules"))
    assert json.loads(done.stdout or "0") == [200, 200, 200], done.stderr
