"""The operations answered here; what is missing is refused by name."""

from lambent.services.apigateway import (
    certificates,
    deployments,
    documenting,
    domains,
    exporting,
    importing,
    key_import,
    methods,
    parts,
    quotas,
    restapis,
    tags,
    trying,
    usage,
)
from lambent.services.apigateway.kinds import (
    API_KEY,
    AUTHORIZER,
    BASE_PATH_MAPPING,
    CLIENT_CERTIFICATE,
    DEPLOYMENT,
    DOCUMENTATION_PART,
    DOCUMENTATION_VERSION,
    DOMAIN_NAME,
    GATEWAY_RESPONSE,
    MODEL,
    REST_API,
    STAGE,
    USAGE_PLAN,
    USAGE_PLAN_KEY,
    VALIDATOR,
    VPC_LINK,
    Kind,
)
from lambent.services.apigateway.tabled import Operation, creator, deleter, getter, lister, updater


def _every(kind: Kind) -> dict[str, Operation]:
    """The operations that are the same for every kind; what differs comes behind and wins."""
    return {
        f"Get{kind.shape}": getter(kind),
        f"Get{kind.many}": lister(kind),
        f"Delete{kind.shape}": deleter(kind),
        **({f"Update{kind.shape}": updater(kind)} if kind.patched.members else {}),
    }


_TABLED = (
    REST_API, AUTHORIZER, MODEL, VALIDATOR, GATEWAY_RESPONSE, DEPLOYMENT, STAGE, DOCUMENTATION_PART,
    DOCUMENTATION_VERSION, API_KEY, USAGE_PLAN, USAGE_PLAN_KEY, DOMAIN_NAME, BASE_PATH_MAPPING, VPC_LINK,
    CLIENT_CERTIFICATE,
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    **{name: operation for kind in _TABLED for name, operation in _every(kind).items()},
    "UpdateAuthorizer": updater(AUTHORIZER, parts.check_authorizer),
    "CreateModel": creator(MODEL, parts.prepare_model),
    "UpdateModel": updater(MODEL, parts.check_model),
    "UpdateRequestValidator": updater(VALIDATOR, parts.check_validator),
    "UpdateDocumentationPart": updater(DOCUMENTATION_PART, parts.check_part),
    "CreateVpcLink": creator(VPC_LINK, parts.prepare_vpc_link),
    "CreateDocumentationPart": creator(DOCUMENTATION_PART),
    "CreateDocumentationVersion": creator(DOCUMENTATION_VERSION, parts.prepare_documentation_version),
    **restapis.OPERATIONS,
    **methods.OPERATIONS,
    **deployments.OPERATIONS,
    **parts.OPERATIONS,
    **usage.OPERATIONS,
    **quotas.OPERATIONS,
    **key_import.OPERATIONS,
    **documenting.OPERATIONS,
    **certificates.OPERATIONS,
    **domains.OPERATIONS,
    **tags.OPERATIONS,
    **trying.OPERATIONS,
    **importing.OPERATIONS,
    **exporting.OPERATIONS,
}

REFUSED = {
    "GetSdk": "no client is generated",
    "GetSdkType": "no client is generated",
    "GetSdkTypes": "no client is generated",
    "GetModelTemplate": "no sample template is made of a model",
}
"""Why some are not there."""
