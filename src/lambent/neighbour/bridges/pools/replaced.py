"""Where moto's user pools are changed: module, name there, parameters that we know it by, and what does it instead."""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.pools import signing_in, signing_up
from lambent.neighbour.bridges.pools.asking import Work, around

MODELS, RESPONSES = "moto.cognitoidp.models", "moto.cognitoidp.responses"
_POOL = "CognitoIdpUserPool"
OPERATIONS: dict[str, Work] = {
    "SignUp": signing_up.sign_up,
    "AdminCreateUser": signing_up.create,
    "ConfirmSignUp": signing_up.confirm,
    "AdminConfirmSignUp": signing_up.confirm,
    "ConfirmForgotPassword": signing_up.confirm_password,
    "AdminResetUserPassword": signing_up.reset,
    "UpdateUserAttributes": signing_up.update,
    "AdminUpdateUserAttributes": signing_up.update,
    "ForgotPassword": signing_in.forgot,
    "InitiateAuth": signing_in.initiate,
    "AdminInitiateAuth": signing_in.initiate,
    "RespondToAuthChallenge": signing_in.respond,
    "AdminRespondToAuthChallenge": signing_in.respond,
}
Replaced = tuple[str, str, tuple[str, ...], Callable[[Gateway, Any], Callable[..., Any]]]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


REPLACED: tuple[Replaced, ...] = (
    *(
        (RESPONSES, f"CognitoIdpResponse.{_snake(name)}", ("self",), around(name, work))
        for name, work in OPERATIONS.items()
    ),
    (
        MODELS,
        "CognitoIdpUser.__init__",
        ("self", "user_pool_id", "username", "password", "status", "attributes"),
        signing_up.make_user,
    ),
    (MODELS, f"{_POOL}.create_refresh_token", ("self", "client_id", "username"), signing_in.signed_in),
    (MODELS, f"{_POOL}.create_access_token", ("self", "client_id", "username", "origin_jti"), signing_in.access_token),
    (
        MODELS,
        f"{_POOL}.create_jwt",
        ("self", "client_id", "username", "token_use", "expires_in", "extra_data"),
        signing_in.token,
    ),
)
