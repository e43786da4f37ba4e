"""Doors through which a request names a place that the server itself would connect to, and which places it does.

One table: the part "Deputies: what a request names" of docs/isolation.md is made of it, and tests/e2e/test_deputies.py
opens each door to a socket of this machine that counts who comes, as root and as an ordinary user.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
Ask = Callable[[str, str, Mapping[str, str]], int]
"""Asks an API by its id and a path, with headers, and answers the status."""

HOSTS = ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "{name}")  # noqa: S104
"""How an address of this machine can be written; `{name}` is this machine's own name."""


def http_api(client: Client, ask: Ask, url: str) -> None:
    api = _http_api(client, url)
    ask(api, "/", {})
    client("apigatewayv2").delete_api(ApiId=api)


def _http_api(client: Client, url: str, **route: Any) -> str:
    apis = client("apigatewayv2")
    api = apis.create_api(Name="deputy", ProtocolType="HTTP")["ApiId"]
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    with suppress(ClientError):  # which refuses some at once
        integration = apis.create_integration(
            ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri=url,
            PayloadFormatVersion="1.0",
        )  # fmt: skip
        target = f"integrations/{integration['IntegrationId']}"
        apis.create_route(ApiId=api, RouteKey="$default", Target=target, **route)
    return str(api)


def jwt_authorizer(client: Client, ask: Ask, url: str) -> None:
    apis = client("apigatewayv2")
    api = _http_api(client, "https://example.com/")
    with suppress(ClientError):
        authorizer = apis.create_authorizer(
            ApiId=api, Name="tokens", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": url, "Audience": ["a"]},
        )["AuthorizerId"]  # fmt: skip
        route = apis.get_routes(ApiId=api)["Items"][0]["RouteId"]
        apis.update_route(ApiId=api, RouteId=route, AuthorizationType="JWT", AuthorizerId=authorizer)
    ask(api, "/", {"Authorization": f"Bearer {_TOKEN}"})
    apis.delete_api(ApiId=api)


_TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJhIn0.c2ln"  # noqa: S105 - signed by nobody


def rest_api(client: Client, ask: Ask, url: str) -> None:
    apis = client("apigateway")
    api = apis.create_rest_api(name="deputy")["id"]
    root = apis.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apis.put_method(**method, authorizationType="NONE")
    with suppress(ClientError):
        apis.put_integration(**method, type="HTTP_PROXY", integrationHttpMethod="GET", uri=url)
        apis.create_deployment(restApiId=api, stageName="s")
        ask(api, "/s/", {})
        apis.test_invoke_method(**method)
    apis.delete_rest_api(restApiId=api)


def sns(client: Client, ask: Ask, url: str) -> None:
    topics = client("sns")
    topic = topics.create_topic(Name=f"deputy-{uuid.uuid4().hex[:8]}")["TopicArn"]
    with suppress(ClientError):
        topics.subscribe(TopicArn=topic, Protocol=url.partition(":")[0], Endpoint=url)
    topics.publish(TopicArn=topic, Message="m")
    topics.delete_topic(TopicArn=topic)


def api_destination(client: Client, ask: Ask, url: str) -> None:
    _destination(client, url, {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}, "API_KEY")


def oauth(client: Client, ask: Ask, url: str) -> None:
    said = {"ClientParameters": {"ClientID": "a", "ClientSecret": "b"}, "AuthorizationEndpoint": url}
    parameters = {"OAuthParameters": {**said, "HttpMethod": "POST"}}
    _destination(client, "https://example.com/", parameters, "OAUTH_CLIENT_CREDENTIALS")


def _destination(client: Client, url: str, parameters: dict[str, Any], kind: str) -> None:
    events, name = client("events"), f"deputy-{uuid.uuid4().hex[:8]}"
    with suppress(ClientError):
        connection = events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)
        destination = events.create_api_destination(
            Name=name, ConnectionArn=connection["ConnectionArn"], InvocationEndpoint=url, HttpMethod="POST"
        )
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        target = {"Id": "1", "Arn": destination["ApiDestinationArn"], "RoleArn": _ROLE}
        events.put_targets(Rule=name, Targets=[target])
        events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
    with suppress(ClientError):
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)


def image(client: Client, ask: Ask, url: str) -> None:
    with suppress(ClientError):
        client("lambda").create_function(
            FunctionName=f"deputy-{uuid.uuid4().hex[:8]}", PackageType="Image", Role=_ROLE,
            Code={"ImageUri": f"{url.partition('//')[2].rstrip('/')}/image:latest"},
        )  # fmt: skip


_ROLE = "arn:aws:iam::000000000000:role/test"


def template_url(client: Client, ask: Ask, url: str) -> None:
    for operation in ("validate_template", "get_template_summary"):
        with suppress(ClientError):
            getattr(client("cloudformation"), operation)(TemplateURL=f"{url}template.json")


def include(client: Client, ask: Ask, url: str) -> None:
    transform = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": f"{url}a.yaml"}}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{url}b.json"}}
    _stack(client, {"Resources": {"A": nested}})
    _stack(client, {"Resources": {"A": {"Type": "AWS::SQS::Queue"}, **transform}})


def custom_resource(client: Client, ask: Ask, url: str) -> None:
    _stack(client, {"Resources": {"A": {"Type": "Custom::A", "Properties": {"ServiceToken": url}}}})


def _stack(client: Client, template: dict[str, Any]) -> None:
    with suppress(ClientError):
        client("cloudformation").create_stack(
            StackName=f"deputy-{uuid.uuid4().hex[:8]}", TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_AUTO_EXPAND"], OnFailure="DELETE",
        )  # fmt: skip


def sources(client: Client, ask: Ask, url: str) -> None:
    s3, bucket = client("s3"), f"deputy-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    for source in (url, url.partition("//")[2]):
        with suppress(ClientError):
            s3.copy_object(Bucket=bucket, Key="k", CopySource=source)
    with suppress(ClientError):
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "localhost"}})
    s3.delete_bucket(Bucket=bucket)


DOORS: dict[str, tuple[Callable[[Client, Ask, str], None], str]] = {
    "HTTP API, integration of the web": (http_api, "setting reach"),
    "HTTP API, a JWT authorizer's issuer": (jwt_authorizer, "setting reach"),
    "REST API, integration of the web": (rest_api, "setting reach"),
    "SNS, a subscriber on the web": (sns, "setting reach"),
    "EventBridge, an API destination": (api_destination, "setting reach"),
    "EventBridge, where a connection gets its token": (oauth, "setting reach"),
    "Lambda, an image of a registry": (image, "setting reach"),
    "CloudFormation, TemplateURL": (template_url, "taken for an object of S3's"),
    "CloudFormation, AWS::Include and nested stacks": (include, "taken for an object of S3's"),
    "CloudFormation, a custom resource's ServiceToken": (custom_resource, "functions and topics alone"),
    "S3, the source of a copy, a website's redirect": (sources, "taken for a bucket; the client's to follow"),
}
"""Each door, and what decides."""


def part() -> str:
    """The part of docs/isolation.md."""
    rows = "".join(f"| {name} | **not reached** | {by} |\n" for name, (_, by) in DOORS.items())
    return HEAD + rows


HEAD = """
## Deputies: what a request names

A request may name a place that the server, and not the caller, would connect to. It connects to nothing of this
machine and of the networks around it but what [the setting `reach`](network.md#what-the-server-connects-to-for-others)
lists: the address is looked at when the connection is made, so no name that means something else by then, and no
redirect, leads around it. `tests/e2e/test_deputies.py` opens each door of `tools/deputies.py` to a socket of this
machine, by seven ways to write its address, as root and as an ordinary user.

| door | this machine | by |
| --- | --- | --- |
"""
