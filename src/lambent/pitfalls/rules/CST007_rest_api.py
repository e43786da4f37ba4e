"""A door that costs three times as much."""

from collections.abc import Iterator

from lambent.pitfalls.facts.cloudformation import SAM_FUNCTION
from lambent.pitfalls.facts.project import Project, Resource, Stack, Trigger
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule

NEEDS_REST = ("AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::RequestValidator",
              "AWS::WAFv2::WebACLAssociation", "AWS::ApiGateway::Model", "AWS::ApiGateway::GatewayResponse",
              "AWS::ApiGateway::DocumentationPart", "AWS::ApiGateway::ClientCertificate")  # fmt: skip
FEATURES = ("Auth", "CacheClusterEnabled", "ApiKeySourceType", "Policy", "MethodSettings", "GatewayResponses", "Models",
            "EndpointConfiguration", "DefinitionBody", "DefinitionUri", "Body", "BodyS3Location",
            "MinimumCompressionSize", "CanarySetting", "Domain", "TracingEnabled")  # fmt: skip

ASKED = ("Auth", "RequestModel", "RequestParameters", "private", "request", "authorizer", "integration", "async", "caching",
         "connectionType", "operationId", "documentation")  # fmt: skip
"""What is asked of a REST API at an event, in SAM's words and in serverless.yml's."""


def check(project: Project) -> Iterator[Hit]:
    """REST APIs that use nothing of what only REST APIs have."""
    for stack in project.stacks:
        for api in stack.of("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"):
            if not api.open and not any(stack.of(*NEEDS_REST)) and not _features(api) and _only_proxies(stack):
                yield Hit(api, "a REST API that uses nothing an HTTP API has not")
        implicit = _implicit(stack)
        if implicit is not None:
            yield Hit(implicit.place, "a REST API that uses nothing an HTTP API has not", None, implicit.resource.id)


def _implicit(stack: Stack) -> Trigger | None:
    """The first event of the API that SAM or the framework makes by itself, if nothing of what only REST APIs have is asked of it."""
    events = [one for function in stack.functions for one in function.driven_by("rest")]
    kinds = ("sam", "serverless")
    events = [one for one in events if stack.kind in kinds and one.source is None and one.resource.type == SAM_FUNCTION]
    common = stack.shared.get("Api")
    asked = any(key in one.settings for one in events for key in ASKED)
    if not events or asked or (isinstance(common, Map) and any(key in common for key in FEATURES)):
        return None
    return None if any(stack.of(*NEEDS_REST)) else events[0]


def _features(api: Resource) -> bool:
    return any(key in api.properties for key in FEATURES)


def _only_proxies(stack: Stack) -> bool:
    for method in stack.of("AWS::ApiGateway::Method"):
        integration = method.properties.get("Integration")
        kind = integration.get("Type") if isinstance(integration, dict) else None
        if kind not in ("AWS_PROXY", "HTTP_PROXY", "MOCK") or method.properties.get("ApiKeyRequired") is True:
            return False
    return True


RULE = Rule(
    code="CST007",
    title="A REST API where an HTTP API suffices",
    level="info",
    reliability="likely",
    production="$3.50 for a million requests instead of $1.00, and some milliseconds more for each.",
    mend="use AWS::Serverless::HttpApi (AWS::ApiGatewayV2::Api)",
    check=check,
    sources=("https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html",),
    seeds="002",
)
