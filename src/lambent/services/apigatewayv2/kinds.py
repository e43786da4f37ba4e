"""Which kinds of resources there are, what they belong to and what names them. Source: botocore's `apigatewayv2`.

`http_apis` reads the same kinds from the store.
"""

from dataclasses import dataclass
from typing import Optional

from lambent.model import api_kinds


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind.

    `stored` is its kind in the store, `shape` and `many` botocore's words in the operations' names, `member` the
    parameter and member that names it, `owner` the kind that it belongs to. `lacking` and `taken` are AWS's texts ("{}"
    is the name). `digits` is the length of the ids that are made, 0 for what its creator names.
    """

    stored: str
    shape: str
    many: str
    member: str
    lacking: str
    owner: Optional["Kind"] = None
    digits: int = 0
    taken: str = "{} already exists"


API = Kind(api_kinds.API, "Api", "Apis", "ApiId", "Invalid API identifier specified {}", digits=10)
ROUTE = Kind(api_kinds.ROUTE, "Route", "Routes", "RouteId", "Invalid Route identifier specified {}", API, 7)
ROUTE_RESPONSE = Kind(
    api_kinds.ROUTE_RESPONSE, "RouteResponse", "RouteResponses", "RouteResponseId",
    "Invalid RouteResponse identifier specified {}", ROUTE, 7,
)  # fmt: skip
INTEGRATION = Kind(
    api_kinds.INTEGRATION, "Integration", "Integrations", "IntegrationId",
    "Invalid Integration identifier specified {}", API, 7,
)  # fmt: skip
INTEGRATION_RESPONSE = Kind(
    api_kinds.INTEGRATION_RESPONSE, "IntegrationResponse", "IntegrationResponses", "IntegrationResponseId",
    "Invalid IntegrationResponse identifier specified {}", INTEGRATION, 7,
)  # fmt: skip
AUTHORIZER = Kind(
    api_kinds.AUTHORIZER, "Authorizer", "Authorizers", "AuthorizerId", "Invalid Authorizer identifier specified {}",
    API, 6,
)  # fmt: skip
MODEL = Kind(api_kinds.MODEL, "Model", "Models", "ModelId", "Invalid Model identifier specified {}", API, 6)
DEPLOYMENT = Kind(
    api_kinds.DEPLOYMENT, "Deployment", "Deployments", "DeploymentId", "Invalid Deployment identifier specified {}",
    API, 6,
)  # fmt: skip
STAGE = Kind(
    api_kinds.STAGE, "Stage", "Stages", "StageName", "Invalid stage identifier specified", API,
    taken="Stage already exists",
)  # fmt: skip
DOMAIN_NAME = Kind(
    api_kinds.DOMAIN_NAME, "DomainName", "DomainNames", "DomainName",
    "The domain name resource specified in the request was not found.",
    taken="The domain name you provided already exists.",
)  # fmt: skip
API_MAPPING = Kind(
    api_kinds.API_MAPPING, "ApiMapping", "ApiMappings", "ApiMappingId",
    "The api mapping resource specified in the request was not found.", DOMAIN_NAME, 6,
)  # fmt: skip
VPC_LINK = Kind(
    api_kinds.VPC_LINK, "VpcLink", "VpcLinks", "VpcLinkId", "Invalid VpcLink identifier specified {}", digits=6,
)  # fmt: skip

KINDS = (
    API, ROUTE, ROUTE_RESPONSE, INTEGRATION, INTEGRATION_RESPONSE, AUTHORIZER, MODEL, DEPLOYMENT, STAGE, DOMAIN_NAME,
    API_MAPPING, VPC_LINK,
)  # fmt: skip
DEPLOYED = (ROUTE, INTEGRATION, AUTHORIZER, MODEL)
"""What belongs to an API and is served when it is deployed, with what belongs to that."""
BENEATH = {ROUTE: ROUTE_RESPONSE, INTEGRATION: INTEGRATION_RESPONSE}
OF_AN_API = (*DEPLOYED, DEPLOYMENT, STAGE)
