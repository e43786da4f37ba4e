"""IAM: a policy that says no version is one of 2008-10-17, and good; a role keeps a description that no change names.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html (SAM's own policy
templates say none); https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html (a session's duration that
is not given is an hour again). Terraform changes a role's description and its sessions' duration by a call each.
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

HOUR = "3600"
"""A session's duration, in seconds."""


def validate_version(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, which takes 2012-10-17 alone."""

    def validate(validator: Any) -> None:
        if "Version" in validator._policy_json:
            former(validator)

    return validate


def update_role(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's, which takes what is not given for an empty value."""

    def update(backend: Any, role_name: str, role_description: str | None, max_session_duration: str | None) -> Any:
        described = backend.get_role(role_name).description if role_description is None else role_description
        return former(backend, role_name, described, max_session_duration or HOUR)

    return update
