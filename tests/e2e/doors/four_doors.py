"""One function behind all four doors: a URL, a REST API, an HTTP API, a load balancer."""

import http.client
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tests.e2e.conftest import Server
from tests.e2e.doors.behind import Answer

Ask = Callable[..., Answer]
"""`ask(path, method, body, **headers)`; underscores in headers' names are hyphens."""


def asker(server: Server, host: str, prefix: str = "", place: str = "") -> Ask:
    """Asks by a Host header, at the endpoint or at another place."""

    def ask(
        path: str, method: str = "GET", body: bytes | str | None = None, timeout: float = 60, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection(place or server.endpoint.removeprefix("http://"), timeout=timeout)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, prefix + path, body, {"Host": host, **named})
        try:
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return ask


def behind_all(server: Server, function: str, url_host: str) -> Mapping[str, Ask]:
    """The doors by name. `function` is an ARN, `url_host` the host of its URL, which is there already."""
    allow = server.client("lambda").add_permission
    for number, service in enumerate(("apigateway.amazonaws.com", "elasticloadbalancing.amazonaws.com")):
        allow(FunctionName=function, StatementId=f"d{number}", Action="lambda:InvokeFunction", Principal=service)
    return {
        "url": asker(server, url_host),
        "rest": _rest(server, function),
        "http": _http(server, function),
        "alb": _balancer(server, function),
    }


def _rest(server: Server, function: str) -> Ask:
    client = server.client("apigateway")
    api = client.create_rest_api(name="four", binaryMediaTypes=["*/*"])
    path = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="{proxy+}")["id"]
    at = {"restApiId": api["id"], "resourceId": path, "httpMethod": "ANY"}
    client.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    client.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return asker(server, f"{api['id']}.execute-api.us-east-1.amazonaws.com", "/dev")


def _http(server: Server, function: str) -> Ask:
    api = server.client("apigatewayv2").create_api(Name="four", ProtocolType="HTTP", Target=function)["ApiId"]
    return asker(server, f"{api}.execute-api.us-east-1.amazonaws.com")


def _balancer(server: Server, function: str) -> Ask:
    client, ec2 = server.client("elbv2"), server.client("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    name = function.rpartition(":")[2].lower()[:20].replace("_", "-").strip("-")
    made = client.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
    group = client.create_target_group(Name=name, TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    client.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    listener = client.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    place = urlsplit(own_port(server, listener)).netloc
    return asker(server, made["DNSName"], place=place)


def own_port(server: Server, listener: str) -> str:
    """The URL of a listener's own port, once it is open."""
    for _ in range(200):
        for one in server.page("load-balancers")["listeners"]:
            if one["listener"] == listener:
                return str(one["url"])
        time.sleep(0.05)
    raise AssertionError(f"{listener} has no port")
