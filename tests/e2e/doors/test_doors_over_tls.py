"""Doors over TLS with certificates of the server's own authority: WebSockets, load balancers' listeners, whose
ports are open again after a restart before anybody asks."""

import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.e2e.conftest import Server
from tests.e2e.doors.four_doors import own_port

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}]


def listeners(server: Server) -> dict[str, str]:
    """A load balancer with two listeners: their URLs by protocol."""
    client, ec2 = server.client("elbv2"), server.client("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    made = client.create_load_balancer(Name="secure", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    key = server.client("acm").request_certificate(DomainName="secure.example")["CertificateArn"]
    found = {}
    for protocol, port, more in (("HTTP", 80, {}), ("HTTPS", 443, {"Certificates": [{"CertificateArn": key}]})):
        one = client.create_listener(
            LoadBalancerArn=made, Protocol=protocol, Port=port, DefaultActions=FIXED, **more
        )["Listeners"][0]  # fmt: skip
        found[protocol] = own_port(server, one["ListenerArn"])
    return found


def pinging(server: Server) -> str:
    """A WebSocket API that answers by itself."""
    client = server.client("apigatewayv2")
    api: str = client.create_api(
        Name="ping", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    client.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    mock = client.create_integration(
        ApiId=api, IntegrationType="MOCK", RequestTemplates={"200": '{"statusCode":200}'},
        TemplateSelectionExpression="200",
    )["IntegrationId"]  # fmt: skip
    client.create_integration_response(
        ApiId=api, IntegrationId=mock, IntegrationResponseKey="/2\\d\\d/",
        ResponseTemplates={"$default": '{"pong":"$input.path(\'$.n\')"}'},
    )  # fmt: skip
    route = client.create_route(
        ApiId=api, RouteKey="ping", Target=f"integrations/{mock}", RouteResponseSelectionExpression="$default"
    )["RouteId"]
    client.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    return api


def test_websockets_and_listeners_over_tls_and_ports_that_stay(
    own_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = own_server("--tls", "--tls-port", "0")
    place = re.search(r"HTTPS at https://(\S+), for clients that trust (\S+)", "".join(server.output))
    assert place is not None
    trusting = ssl.create_default_context(cafile=place[2])
    with connect(
        f"wss://{place[1]}/_aws/execute-api/{pinging(server)}/dev", ssl=trusting, open_timeout=30, proxy=None
    ) as client:
        for number in (7, 8):
            client.send(json.dumps({"action": "ping", "n": number, "filling": "x" * 30_000}))
            assert json.loads(client.recv(timeout=30)) == {"pong": str(number)}
    urls = listeners(server)
    with pytest.raises(urllib.error.HTTPError, match="418"):
        urllib.request.urlopen(urls["HTTPS"], timeout=30, context=trusting)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(urls["HTTPS"], timeout=30)
    assert server.stop() == 0
    again = own_server("--tls", "--tls-port", "0")
    deadline = time.monotonic() + 30
    while len(found := again.page("load-balancers")["listeners"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {one["url"] for one in found} == set(urls.values())
    with pytest.raises(urllib.error.HTTPError, match="418"):
        urllib.request.urlopen(urls["HTTP"], timeout=30)
