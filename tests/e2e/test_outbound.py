"""A function asks the internet something: a server on a host of its own, in a small internet made of namespaces.
And it asks an API by the name that it has on AWS, which leads to this endpoint there."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import ROLE, Server, package, start
from tests.e2e.user import UID, as_user

HERE = Path(__file__).resolve().parent
SOURCE = """
import urllib.request, boto3
def handler(event, context):
    if event:
        client = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{event['host']}/dev")
        try:
            client.post_to_connection(ConnectionId="none=", Data=b"x")
        except client.exceptions.GoneException:
            return "gone"
    with urllib.request.urlopen("http://example.test/", timeout=5) as answer:
        return answer.read().decode()
"""


@pytest.mark.parametrize("who", ["root", "user"])
def test_a_function_asks_the_internet(who: str, user_home: Path) -> None:
    if os.getuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("needs root")
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "tests.e2e.test_outbound", place, who, str(user_home)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _main(place: Path, who: str, home: Path) -> None:
    sys.path.insert(0, str(HERE.parent / "sandbox"))
    from leaks import adopting_orphans  # type: ignore[import-not-found]

    with adopting_orphans():
        _start_and_stop(place, who, home)


def _start_and_stop(place: Path, who: str, home: Path) -> None:
    from leaks import descendants
    from world import HOST, World  # type: ignore[import-not-found]

    os.chmod(place, 0o755)
    if who == "user":
        os.chown(place, UID, UID)
    # Not a fork: that would be where its template began.
    how_to_start: Any = as_user(home) if who == "user" else {"prefix": (sys.executable,)}
    server = start(place / "data", "--network", "none", **how_to_start)  # where the real internet is: clients come here
    host = _create(server)
    assert server.stop() == 0
    world = World(place)
    for how in (signal.SIGKILL, signal.SIGTERM):
        server = start(place / "data", "--network", "nat", **how_to_start)
        answer = server.client("lambda").invoke(FunctionName="f")["Payload"].read()
        assert answer == f'"you are {HOST}"'.encode(), answer
        asked = server.client("lambda").invoke(FunctionName="f", Payload=json.dumps({"host": host}))
        assert (told := asked["Payload"].read()) == b'"gone"', told
        assert len(world.left()) == (3 if who == "root" else 0), world.left()
        server.stop(how)
        deadline = time.monotonic() + 10
        while (world.left() or descendants(os.getpid())) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert world.left() == descendants(os.getpid()) == [], (how, world.left(), descendants(os.getpid()))


def _create(server: Server) -> str:
    """The function, and a WebSocket API; its host name. Another account has taken the name of the server outside."""
    client = server.client("lambda")
    client.create_function(
        FunctionName="f",
        Runtime=f"python3.{sys.version_info.minor}",
        Role=ROLE,
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": package({"app.py": SOURCE})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.1, "MaxAttempts": 900})
    apis = server.client("apigatewayv2")
    api = apis.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    apis.create_route(ApiId=api["ApiId"], RouteKey="$default")
    apis.create_stage(ApiId=api["ApiId"], StageName="dev", AutoDeploy=True)
    other = boto3.client(
        "apigatewayv2",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="222222222222",
        aws_secret_access_key="test",
    )
    other.create_domain_name(DomainName="example.test", DomainNameConfigurations=[{"CertificateArn": "arn:aws:acm:x"}])
    return f"{api['ApiId']}.execute-api.us-east-1.amazonaws.com"


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
