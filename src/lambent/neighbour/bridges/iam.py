"""IAM: a policy that says no version is one of 2008-10-17, and good; a role keeps a description that no change names;
and the boundaries of users, which moto does not know.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html (SAM's own policy
templates say none); https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html (a session's duration that
is not given is an hour again; Terraform changes a role's description and its sessions' duration by a call each),
API_PutUserPermissionsBoundary.html and API_DeleteUserPermissionsBoundary.html; what ListUsers leaves out:
API_ListUsers.html.
"""

import re
import threading
from collections.abc import Callable
from types import ModuleType
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


POLICY = re.compile(r"arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/.+")
NO_BOUNDARY = "The user with name {} does not have a permissions boundary."
"""Words of our own."""


def bound_users(responses: ModuleType) -> None:
    """Users have boundaries: `moto.iam.responses` is given the operations, unless it has them by now."""
    answers: Any = responses.IamResponse
    if hasattr(answers, "put_user_permissions_boundary"):
        return
    create = answers.create_user

    def create_user(answer: Any) -> Any:
        boundary = answer._get_param("PermissionsBoundary")
        _check(boundary)
        created = create(answer)
        _bind(answer.backend.get_user(answer._get_param("UserName")), boundary)
        return created

    def put(answer: Any) -> Any:
        boundary = answer._get_param("PermissionsBoundary")
        _check(boundary)
        _bind(answer.backend.get_user(answer._get_param("UserName")), boundary)
        return responses.EmptyResult()

    answers.create_user = create_user
    answers.put_user_permissions_boundary = put
    answers.delete_user_permissions_boundary = _unbind(responses)
    answers.RESPONSE_KEY_PATH_TO_TRANSFORMER["ListUsersResponse.Users.User.PermissionsBoundary"] = (
        responses.never_return
    )


def one_at_a_time(responses: ModuleType) -> None:
    """moto goes through an account's policies while other threads add to them, which stacks do, deployed at once: a
    "dictionary changed size during iteration". None of its answers takes long."""
    answers: Any = responses.IamResponse
    former, turn = answers.call_action, threading.RLock()

    def call_action(answer: Any) -> Any:
        with turn:
            return former(answer)

    answers.call_action = call_action


def changed(responses: ModuleType) -> None:
    """Everything of `moto.iam.responses` that is otherwise here."""
    bound_users(responses)
    one_at_a_time(responses)


def _unbind(responses: ModuleType) -> Callable[[Any], Any]:
    def delete(answer: Any) -> Any:
        from moto.iam.exceptions import NotFoundException

        name = answer._get_param("UserName")
        if vars(answer.backend.get_user(name)).pop("permissions_boundary", None) is None:
            raise NotFoundException(NO_BOUNDARY.format(name))
        return responses.EmptyResult()

    return delete


def _check(boundary: str | None) -> None:
    """Raises what moto raises for a role's."""
    from moto.iam.exceptions import IAMException as RESTError

    if boundary and not POLICY.fullmatch(boundary):
        text = f"Value ({boundary}) for parameter PermissionsBoundary is invalid."
        raise RESTError("InvalidParameterValue", text)


def _bind(user: Any, boundary: str | None) -> None:
    if boundary:
        said = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": boundary}
        user.permissions_boundary = said
