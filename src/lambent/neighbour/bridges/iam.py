"""IAM's policies: one that says no version is one of 2008-10-17, and good.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html. SAM's own policy
templates say none.
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway


def validate_version(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, which takes 2012-10-17 alone."""

    def validate(validator: Any) -> None:
        if "Version" in validator._policy_json:
            former(validator)

    return validate
