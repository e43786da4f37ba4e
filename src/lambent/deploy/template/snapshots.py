"""Deployments of APIs are snapshots: what belongs to the API is made before them.

A template that says DependsOn of one method alone leaves the others to chance. On AWS they are made at the same time as
that one, before the deployment begins, and its samples rely on that (apigw-s3-proxy, apigw-websocket-api-sfn-sync of
https://github.com/aws-samples/serverless-patterns); here, where no call takes a second, it is an order.
"""

from collections.abc import Mapping

from lambent.deploy.template.template import ResourceSpec

Graph = dict[str, frozenset[str]]
_V1, _V2 = "AWS::ApiGateway::", "AWS::ApiGatewayV2::"
PARTS: Mapping[str, tuple[str, frozenset[str]]] = {
    f"{_V1}Deployment": (
        "RestApiId",
        frozenset(f"{_V1}{one}" for one in ("Authorizer", "GatewayResponse", "Method", "Model", "RequestValidator")),
    ),
    f"{_V2}Deployment": (
        "ApiId",
        frozenset(
            f"{_V2}{one}" for one in ("Authorizer", "Integration", "IntegrationResponse", "Route", "RouteResponse")
        ),
    ),
}
"""By the type of a deployment: the property that names the API, and the types of the API's parts."""


def after_their_parts(graph: Graph, wanted: Mapping[str, ResourceSpec]) -> Graph:
    """The graph, in which deployments wait for the parts of their APIs that do not wait for them."""
    ordered = dict(graph)
    for name, spec in wanted.items():
        if spec.type in PARTS:
            waiting = _waiting_for(ordered, name)
            ordered[name] |= {part for part in _parts(spec, wanted) if part not in waiting}
    return ordered


def _parts(deployment: ResourceSpec, wanted: Mapping[str, ResourceSpec]) -> list[str]:
    member, types = PARTS[deployment.type]
    api = deployment.properties.get(member)
    return [name for name, one in wanted.items() if one.type in types and one.properties.get(member) == api]


def _waiting_for(graph: Graph, name: str) -> set[str]:
    """What waits for a resource, whether it says so or by others."""
    found = {name}
    while more := {one for one, needs in graph.items() if one not in found and needs & found}:
        found |= more
    return found
