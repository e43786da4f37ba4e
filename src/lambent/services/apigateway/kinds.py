"""Which kinds of resources there are, what they belong to, and what may be changed of them.

Sources: botocore's model of `apigateway`; for `patched` the tables of
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from lambent.model import api_kinds


@dataclass(frozen=True, slots=True)
class Patches:
    """What patch operations may change.

    `members` are those that `replace` may name, `grown` those that `add` and `remove` may name as well (None: all of
    them, as the tables don't say). `plain` says in which of its two ways AWS words a refusal: with the path alone, or
    with the operation and the paths that it has.
    """

    members: tuple[str, ...]
    grown: tuple[str, ...] | None = None
    plain: bool = False

    def of(self, op: str) -> tuple[str, ...]:
        """The members that an operation may name."""
        return self.members if op in ("replace", "copy") or self.grown is None else self.grown


NO_PATCHES = Patches(())


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind.

    `stored` is its kind in the store, `shape` and `many` botocore's shapes of one and of a page of them, `owner` the
    kind that it belongs to, `param` the parameter that names it and `member` the member of its shape that does.
    `lacking` and `taken` are AWS's texts ("{}" is the name). `digits` is the length of the ids that are made, 0 for
    what its creator names. `patched` is what a patch may change.
    """

    stored: str
    shape: str
    many: str
    param: str
    member: str
    lacking: str
    taken: str = "{} already exists"
    owner: Optional["Kind"] = None
    digits: int = 0
    patched: Patches = NO_PATCHES

    def param_given(self, params: Mapping[str, object]) -> str:
        """The parameter in which a creator gives the name: some name it otherwise than those who ask for it."""
        return self.param if self.param in params else self.member

    def missing(self, name: str) -> str:
        """The text of the 404."""
        return self.lacking.format(name)

    def exists(self, name: str) -> str:
        """The text of the 409."""
        return self.taken.format(name)


REST_API = Kind(
    "apigateway:api", "RestApi", "RestApis", "restApiId", "id", "Invalid API identifier specified {}", digits=10,
    patched=Patches((
        "name", "description", "apiKeySource", "binaryMediaTypes", "minimumCompressionSize", "policy",
        "endpointConfiguration", "disableExecuteApiEndpoint", "securityPolicy", "endpointAccessMode", "version",
    ), grown=("binaryMediaTypes", "endpointConfiguration"), plain=True),
)  # fmt: skip
RESOURCE = Kind(
    "apigateway:resource", "Resource", "Resources", "resourceId", "id", "Invalid Resource identifier specified",
    owner=REST_API, digits=6, patched=Patches(("parentId", "pathPart"), grown=()),
)  # fmt: skip
AUTHORIZER = Kind(
    "apigateway:authorizer", "Authorizer", "Authorizers", "authorizerId", "id",
    "Invalid Authorizer identifier specified", owner=REST_API, digits=6,
    patched=Patches((
        "name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials", "identitySource",
        "identityValidationExpression", "authorizerResultTtlInSeconds",
    )),
)  # fmt: skip
MODEL = Kind(
    "apigateway:model", "Model", "Models", "modelName", "name", "Invalid model name specified: {}",
    "Model name already exists for this REST API", owner=REST_API,
    patched=Patches(("description", "schema"), grown=()),
)  # fmt: skip
VALIDATOR = Kind(
    "apigateway:validator", "RequestValidator", "RequestValidators", "requestValidatorId", "id",
    "Invalid Request Validator identifier specified", owner=REST_API, digits=6,
    patched=Patches(("name", "validateRequestParameters", "validateRequestBody"), grown=()),
)  # fmt: skip
GATEWAY_RESPONSE = Kind(
    "apigateway:gatewayresponse", "GatewayResponse", "GatewayResponses", "responseType", "responseType",
    "Invalid response type specified: {}", owner=REST_API,
    patched=Patches(
        ("statusCode", "responseParameters", "responseTemplates"),
        grown=("responseParameters", "responseTemplates"), plain=True,
    ),
)  # fmt: skip
DEPLOYMENT = Kind(
    "apigateway:deployment", "Deployment", "Deployments", "deploymentId", "id",
    "Invalid Deployment identifier specified", owner=REST_API, digits=6,
    patched=Patches(("description",), grown=()),
)  # fmt: skip
STAGE = Kind(
    "apigateway:stage", "Stage", "Stages", "stageName", "stageName", "Invalid stage identifier specified",
    "Stage already exists", owner=REST_API,
    patched=Patches((
        "deploymentId", "clientCertificateId", "description", "cacheClusterEnabled", "cacheClusterSize", "variables",
        "documentationVersion", "accessLogSettings", "canarySettings", "tracingEnabled",
    )),
)  # fmt: skip
DOCUMENTATION_PART = Kind(
    "apigateway:documentationpart", "DocumentationPart", "DocumentationParts", "documentationPartId", "id",
    "Invalid Documentation part identifier specified", owner=REST_API, digits=6,
    patched=Patches(("properties",), grown=()),
)  # fmt: skip
DOCUMENTATION_VERSION = Kind(
    "apigateway:documentationversion", "DocumentationVersion", "DocumentationVersions", "documentationVersion",
    "version", "Invalid Documentation version specified", "Version already exists: {}", owner=REST_API,
    patched=Patches(("description",), grown=()),
)  # fmt: skip
API_KEY = Kind(
    api_kinds.API_KEY, "ApiKey", "ApiKeys", "apiKey", "id", "Invalid API Key identifier specified",
    "API Key already exists", digits=10, patched=Patches(
        ("name", "description", "enabled", "customerId", "stageKeys"), grown=("stageKeys",)
    ),
)  # fmt: skip
USAGE_PLAN = Kind(
    api_kinds.USAGE_PLAN, "UsagePlan", "UsagePlans", "usagePlanId", "id", "Invalid Usage Plan ID specified",
    digits=6, patched=Patches(("name", "description", "productCode", "throttle", "quota", "apiStages")),
)  # fmt: skip
USAGE_PLAN_KEY = Kind(
    api_kinds.USAGE_PLAN_KEY, "UsagePlanKey", "UsagePlanKeys", "keyId", "id",
    "Invalid API Key identifier specified", "Key {} is already associated to this usage plan", owner=USAGE_PLAN,
)  # fmt: skip
DOMAIN_NAME = Kind(
    api_kinds.REST_DOMAIN_NAME, "DomainName", "DomainNames", "domainName", "domainName",
    "Invalid domain name identifier specified",
    patched=Patches((
        "certificateName", "certificateArn", "regionalCertificateName", "regionalCertificateArn",
        "endpointConfiguration", "securityPolicy", "endpointAccessMode", "policy", "managementPolicy", "routingMode",
        "ownershipVerificationCertificateArn", "mutualTlsAuthentication",
    )),
)  # fmt: skip
BASE_PATH_MAPPING = Kind(
    "apigateway:basepath", "BasePathMapping", "BasePathMappings", "basePath", "basePath",
    "Invalid base path mapping identifier specified", "Base path already exists for this domain name",
    owner=DOMAIN_NAME, patched=Patches(("basePath", "restApiId", "stage")),
)  # fmt: skip
VPC_LINK = Kind(
    "apigateway:vpclink", "VpcLink", "VpcLinks", "vpcLinkId", "id", "Invalid Vpc Link identifier specified",
    digits=6, patched=Patches(("name", "description"), grown=()),
)  # fmt: skip
CLIENT_CERTIFICATE = Kind(
    api_kinds.CLIENT_CERTIFICATE, "ClientCertificate", "ClientCertificates", "clientCertificateId",
    "clientCertificateId", "Invalid Client Certificate identifier specified", digits=6,
    patched=Patches(("description",), grown=()),
)  # fmt: skip
ACCOUNT = Kind(
    api_kinds.ACCOUNT, "Account", "", "", "", "Invalid account",
    patched=Patches(("cloudwatchRoleArn", "features"), grown=("features",)),
)  # fmt: skip

OF_AN_API = (
    RESOURCE, AUTHORIZER, MODEL, VALIDATOR, GATEWAY_RESPONSE, DEPLOYMENT, STAGE, DOCUMENTATION_PART,
    DOCUMENTATION_VERSION,
)  # fmt: skip
TAGGED = {
    "restapis": REST_API, "apikeys": API_KEY, "usageplans": USAGE_PLAN, "domainnames": DOMAIN_NAME,
    "vpclinks": VPC_LINK, "clientcertificates": CLIENT_CERTIFICATE,
}  # fmt: skip
"""The kinds that have tags, by their part of the ARN; stages beside them."""
