"""The operations answered here; what is missing is refused by name."""

from lambent.services.apigatewayv2 import apis, authorizers, domains, exporting, importing, models, routes, stages, tags
from lambent.services.apigatewayv2.kinds import (
    API,
    API_MAPPING,
    AUTHORIZER,
    DOMAIN_NAME,
    INTEGRATION,
    KINDS,
    MODEL,
    ROUTE,
    STAGE,
    VPC_LINK,
    Kind,
)
from lambent.services.apigatewayv2.tabled import Check, Operation, as_given, creator, deleter, getter, lister, updater

CHECKS: dict[Kind, Check] = {
    API: apis.checked,
    ROUTE: routes.route,
    INTEGRATION: routes.integration,
    AUTHORIZER: authorizers.authorizer,
    STAGE: stages.stage,
    MODEL: models.model,
    DOMAIN_NAME: domains.domain_name,
    API_MAPPING: domains.api_mapping,
    VPC_LINK: domains.vpc_link,
}
"""What makes the documents of a kind whole."""


def _every(kind: Kind) -> dict[str, Operation]:
    """The operations that are the same for every kind; what differs comes behind and wins."""
    check = CHECKS.get(kind, as_given)
    return {
        f"Create{kind.shape}": creator(kind, check),
        f"Get{kind.shape}": getter(kind),
        f"Get{kind.many}": lister(kind),
        f"Update{kind.shape}": updater(kind, check),
        f"Delete{kind.shape}": deleter(kind),
    }


OPERATIONS: dict[str, Operation] = {
    **{name: operation for kind in KINDS for name, operation in _every(kind).items()},
    **apis.OPERATIONS,
    **routes.OPERATIONS,
    **authorizers.OPERATIONS,
    **exporting.OPERATIONS,
    **importing.OPERATIONS,
    **stages.OPERATIONS,
    **tags.OPERATIONS,
}

REFUSED = {
    "GetModelTemplate": "no template is made of a model",
}
"""Why some are not there."""
