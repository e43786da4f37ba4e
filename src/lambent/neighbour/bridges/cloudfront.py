"""CloudFront: what a distribution is configured with and moto drops, and what moto tells that nobody has said.

Terraform would change such a distribution again and again.
Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

NONE = {"Quantity": 0}


def whole(models: ModuleType) -> None:
    """`moto.cloudfront.models` keeps what it is told."""

    def origin(made: Any, said: dict[str, Any]) -> None:
        made.origin_access_control_id = said.get("OriginAccessControlId") or ""

    def behavior(made: Any, said: dict[str, Any]) -> None:
        made.lambda_function_associations = said.get("LambdaFunctionAssociations") or NONE
        made.function_associations = said.get("FunctionAssociations") or NONE
        if "ForwardedValues" not in said:
            made.forwarded_values = None

    def certificate(made: Any, said: dict[str, Any]) -> None:
        made.ssl_support_method = said.get("SSLSupportMethod")

    _after(models.Origin, origin)
    _after(models.DefaultCacheBehaviour, behavior)
    _after(models.ViewerCertificate, certificate)


def _after(owner: Any, then: Callable[[Any, dict[str, Any]], None]) -> None:
    """Made as before, and `then` told what it was made of; moto changes that meanwhile."""
    former = owner.__init__

    def init(made: Any, said: dict[str, Any]) -> None:
        before = dict(said)
        former(made, said)
        then(made, before)

    owner.__init__ = init
