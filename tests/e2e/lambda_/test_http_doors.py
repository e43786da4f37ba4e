"""Function URLs and load balancers over real sockets, with curl, botocore's signer and boto3."""

import http.client
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e.conftest import Deploy, Server
from tests.e2e.doors.four_doors import Ask, behind_all, own_port

ECHO = """
import json, time

def handler(event, context):
    path = event.get("rawPath", event.get("path"))
    if path == "/sleep":
        time.sleep(1)
        print("SLEPT", flush=True)
    if path == "/bad":
        return {"statusCode": 200, "body": {}}
    if path == "/raise":
        raise ValueError("no")
    return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
"""
STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === "/fails-first") throw new Error("no");
  stream = awslambda.HttpResponseStream.from(stream, {statusCode: 203, headers: {"X-A": "1"}, cookies: ["a=1"]});
  stream.write("first");
  await new Promise(done => setTimeout(done, 1000));
  if (event.rawPath === "/fails-late") throw new Error("no");
  stream.write("second");
  stream.end();
});
"""


def opened(server: Server, name: str, **settings: Any) -> str:
    """The host name of a function's URL, which everybody may ask if it says so."""
    client = server.client("lambda")
    made = client.create_function_url_config(FunctionName=name, **{"AuthType": "NONE", **settings})
    if made["AuthType"] == "NONE":
        allow = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
        client.add_permission(FunctionName=name, StatementId="url", **allow)
        allow = {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True}
        client.add_permission(FunctionName=name, StatementId="invoke", **allow)
    return str(made["FunctionUrl"]).split("/")[2]


def ask(server: Server, host: str, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    """Status, headers and body; by the Host header, since not every resolver knows *.localhost."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": host, **named})
    answer = connection.getresponse()
    said = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return said


def test_curl_opens_what_the_api_answers_as_a_url(server: Server, deploy: Deploy) -> None:
    name = deploy(ECHO)
    host = opened(server, name)
    url = server.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"]
    said = subprocess.run(["curl", "-sS", f"{url}a%20b?x=1"], capture_output=True, check=True, timeout=60).stdout
    event = json.loads(said)
    assert (event["rawPath"], event["headers"]["host"]) == ("/a%20b", host)
    assert [ask(server, host, path)[0] for path in ("/", "/bad", "/raise")] == [201, 502, 502]
    codes = {one["code"] for one in server.page("findings")["findings"] if one["resource"].endswith(f":{name}")}
    assert codes >= {"url-public", "url-answer-malformed"}
    assert "url-permission" not in codes


def signed(server: Server, host: str, secret: str, key: str = "test", service: str = "lambda") -> int:
    request = AWSRequest("GET", f"http://{host}/x?b=2&a=1%20", headers={"Host": host})
    SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(request)
    sent = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    return int(ask(server, host, "/x?b=2&a=1%20", **sent)[0])


def test_signatures_are_checked_where_a_url_asks_for_them(server: Server, deploy: Deploy) -> None:
    name = deploy(ECHO)
    host = opened(server, name, AuthType="AWS_IAM")
    status, headers, body = ask(server, host)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden. For troubleshooting")
    assert signed(server, host, "test") == 201
    assert signed(server, host, "wrong") == 403
    assert signed(server, host, "test", service="execute-api") == 403
    assert signed(server, host, "test", key="111122223333") == 403
    allow = {"Action": "lambda:InvokeFunctionUrl", "Principal": "111122223333", "FunctionUrlAuthType": "AWS_IAM"}
    server.client("lambda").add_permission(FunctionName=name, StatementId="other", **allow)
    assert signed(server, host, "test", key="111122223333") == 201


def test_a_stream_leaves_as_it_is_written(server: Server, deploy: Deploy) -> None:
    node = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Timeout": 30, "files": {"index.js": STREAM}}
    host = opened(server, deploy("", **node), InvokeMode="RESPONSE_STREAM")
    ask(server, host)
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=60)
    connection.request("GET", "/", headers={"Host": host})
    answer = connection.getresponse()
    first, at = answer.read1(), time.monotonic()
    rest = answer.read()
    assert (answer.status, answer.headers["X-A"], answer.headers["Set-Cookie"]) == (203, "1", "a=1")
    assert (first, rest) == (b"first", b"second")
    assert time.monotonic() - at > 0.7
    status, _, body = ask(server, host, "/fails-first")
    assert (status, body) == (502, b"Internal Server Error")
    connection.request("GET", "/fails-late", headers={"Host": host})
    answer = connection.getresponse()
    try:
        answer.read()
        raise AssertionError("an answer that broke off looks whole")
    except http.client.IncompleteRead:
        connection.close()


def test_a_url_that_is_deleted_while_it_is_asked(server: Server, deploy: Deploy) -> None:
    name = deploy(ECHO)
    client, host = server.client("lambda"), opened(server, name)
    ask(server, host)
    got: list[int] = []
    asking = threading.Thread(target=lambda: got.append(ask(server, host, "/sleep")[0]))
    asking.start()
    time.sleep(0.3)
    client.delete_function_url_config(FunctionName=name)
    assert (ask(server, host)[0], ask(server, host)[2]) == (403, b'{"Message":null}')
    asking.join()
    assert got == [201]


def test_limits_of_a_url(server: Server, deploy: Deploy) -> None:
    name = deploy(ECHO)
    host = opened(server, name)
    for size in ((6 << 20) + 1, 20 << 20):
        status, headers, _ = ask(server, host, "/", "POST", b"x" * size, content_type="text/plain")
        assert (status, headers["x-amzn-ErrorType"]) == (413, "RequestTooLargeException")
    server.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert ask(server, host)[0] == 429


def test_a_load_balancer(server: Server, deploy: Deploy) -> None:
    name = deploy(ECHO)
    client, lambda_ = server.client("elbv2"), server.client("lambda")
    ec2 = server.client("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    made = client.create_load_balancer(Name="doors", Subnets=subnets)["LoadBalancers"][0]
    matcher = {"HttpCode": "201"}
    groups = client.create_target_group(Name="functions", TargetType="lambda", Matcher=matcher)["TargetGroups"]
    group = groups[0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    listener = client.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
    )["Listeners"][0]["ListenerArn"]
    host = made["DNSName"]
    assert ask(server, host)[0] == 503
    arn = lambda_.get_function_configuration(FunctionName=name)["FunctionArn"]
    allow = {"Action": "lambda:InvokeFunction", "Principal": "elasticloadbalancing.amazonaws.com", "SourceArn": group}
    lambda_.add_permission(FunctionName=name, StatementId="lb", **allow)
    client.register_targets(TargetGroupArn=group, Targets=[{"Id": arn}])
    status, headers, body = ask(server, host, "/a?b=1")
    assert (status, headers["Server"], json.loads(body)["path"]) == (201, "awselb/2.0", "/a")
    assert ask(server, host, "/raise")[0] == ask(server, host, "/bad")[0] == 502
    assert ask(server, host, "/", "POST", b"x" * ((1 << 20) + 1))[0] == 413
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418", "MessageBody": "tea"}}]
    condition = [{"Field": "path-pattern", "Values": ["/tea*"]}]
    client.create_rule(ListenerArn=listener, Priority=1, Conditions=condition, Actions=fixed)
    assert ask(server, host, "/tea")[::2] == (418, b"tea")
    assert health_of(client, group) == ("unavailable", "Target.HealthCheckDisabled")
    second = client.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=8080, DefaultActions=fixed
    )["Listeners"][0]["ListenerArn"]
    first_port, second_port = own_port(server, listener), own_port(server, second)
    with urllib.request.urlopen(f"{first_port}a?b=1", timeout=30) as answer:
        said = json.load(answer)
    assert (said["path"], said["headers"]["x-forwarded-port"]) == ("/a", "80")
    with pytest.raises(urllib.error.HTTPError, match="418"):
        urllib.request.urlopen(second_port, timeout=30)
    rebound = urllib.request.Request(first_port, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(rebound, timeout=30)
    client.modify_target_group(TargetGroupArn=group, HealthCheckEnabled=True)
    until(lambda: health_of(client, group), ("healthy", ""))
    lambda_.remove_permission(FunctionName=name, StatementId="lb")
    assert ask(server, host)[0] == 502
    client.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    listeners = lambda: server.page("load-balancers")["listeners"]  # noqa: E731
    until(lambda: [one for one in listeners() if one["load_balancer"] == made["LoadBalancerArn"]], [])


def health_of(client: Any, group: str) -> tuple[str, str]:
    (one,) = client.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return one["TargetHealth"]["State"], one["TargetHealth"].get("Reason", "")


def until(ask: Callable[[], Any], wanted: Any) -> None:
    """Asks again until it is so, for ten seconds."""
    for _ in range(200):
        if (said := ask()) == wanted:
            return
        time.sleep(0.05)
    assert said == wanted


def test_a_client_that_goes_away_leaves_the_function_running(server: Server, deploy: Deploy) -> None:
    """At the URL and at a load balancer: the work is done, its environment takes the next request, nothing hangs."""
    name = deploy(ECHO)
    arn = server.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    doors = behind_all(server, arn, opened(server, name))
    for count, door in enumerate(("url", "alb", "rest", "http"), 1):
        assert doors[door]("/warm")[0] == 201
        leave(doors[door], "/sleep")
        until(lambda: slept(server, name), count)
        assert doors[door]("/warm")[0] == 201
    assert starts(server, name) == 1


def leave(ask: Ask, path: str) -> None:
    """Ask, and go away while the function works."""
    with pytest.raises(TimeoutError):
        ask(path, timeout=0.3)


def slept(server: Server, name: str) -> int:
    """How often the function came to the end of its work."""
    return sum("SLEPT" in line for line in lines(server, name))


def starts(server: Server, name: str) -> int:
    """How many environments there were."""
    return sum(line.startswith("INIT_START") for line in lines(server, name))


def lines(server: Server, name: str) -> list[str]:
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [one["message"] for one in events]
