"""Signing in: pre and post authentication, migration and pre token generation triggers.

Sources: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-authentication.html,
user-pool-lambda-post-authentication.html, user-pool-lambda-migrate-user.html,
user-pool-lambda-pre-token-generation.html
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.pools import challenges, claims, events
from lambent.neighbour.bridges.pools.asking import Asked, fault, now, unrecognised
from lambent.neighbour.bridges.pools.signing_up import message

BEFORE, AFTER, MIGRATION, TOKENS = "PreAuthentication", "PostAuthentication", "UserMigration", "PreTokenGeneration"
REFRESHING = frozenset({"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"})
PASSWORDS = frozenset({"USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
"""Flows in which Cognito has the password, and may hand it to the migration's function."""


def initiate(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """InitiateAuth and AdminInitiateAuth."""
    from moto.core.responses import ActionResult

    flow = str(asked.params.get("AuthFlow"))
    if flow in REFRESHING:
        return former()
    name = str((asked.params.get("AuthParameters") or {}).get("USERNAME", ""))
    user = asked.pool._get_user(name)
    if user is None and flow in PASSWORDS and asked.has(MIGRATION):
        _migrate(asked, name)
    elif user is not None and user.enabled:
        _before(asked, user)
    if flow == "CUSTOM_AUTH":
        return ActionResult(challenges.begin(asked, name))
    answer = former()
    _text_code(asked, answer)
    return answer


def respond(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """RespondToAuthChallenge and AdminRespondToAuthChallenge."""
    from moto.core.responses import ActionResult

    if asked.params.get("ChallengeName") == challenges.CUSTOM:
        return ActionResult(challenges.answer(asked))
    answer = former()
    _text_code(asked, answer)
    return answer


def forgot(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """ForgotPassword."""
    name = str(asked.params.get("Username"))
    if asked.pool._get_user(name) is None and asked.has(MIGRATION):
        _migrate(asked, name, "ForgotPassword")
    answer = former()
    user = asked.pool._get_user(name)
    if user is not None:
        message(asked, user, "ForgotPassword")
    return answer


def _before(asked: Asked, user: Any) -> None:
    request: dict[str, Any] = {
        "userAttributes": events.attributes(user),
        "validationData": asked.params.get("ClientMetadata") or None,
    }
    asked.call(BEFORE, f"{BEFORE}_Authentication", user.username, {**request, **challenges.hidden(asked)})


def _text_code(asked: Asked, answer: Any) -> None:
    """A code by SMS: what its message would say."""
    said = answer.result if answer is not None else None
    if isinstance(said, dict) and said.get("ChallengeName") == "SMS_MFA":
        name = asked.params.get("AuthParameters") or asked.params.get("ChallengeResponses") or {}
        user = asked.pool._get_user(name.get("USERNAME"))
        if user is not None:
            message(asked, user, "Authentication")


def _migrate(asked: Asked, name: str, what: str = "Authentication") -> None:
    """A user of another directory becomes one of the pool. Raises JsonRESTError."""
    metadata = asked.params.get("ClientMetadata") or None
    given = {"validationData": metadata} if what == "Authentication" else asked.metadata
    password = (asked.params.get("AuthParameters") or {}).get("PASSWORD") if what == "Authentication" else None
    said = asked.call(MIGRATION, f"{MIGRATION}_{what}", name, {"password": password, **given})
    attributes = said.get("userAttributes")
    if not attributes:
        raise fault("UserNotFoundException", f"Exception migrating user in app client {asked.client}")
    status = said.get("finalUserStatus") or "CONFIRMED"
    if status not in ("CONFIRMED", "RESET_REQUIRED"):
        raise unrecognised()
    _take(asked.pool, name, password, attributes, status)
    if status == "RESET_REQUIRED" and what == "Authentication":
        raise fault("PasswordResetRequiredException", "Password reset required for the user")


def _take(pool: Any, name: str, password: str | None, attributes: dict[str, Any], status: str) -> None:
    from moto.cognitoidp import models
    from moto.cognitoidp.utils import validate_username_format

    if pool._get_user(name) is not None:  # who came while the function ran
        return
    said = {str(key): str(value) for key, value in attributes.items() if key not in ("sub", "username")}
    by = pool.extended_config.get("UsernameAttributes") or ()
    for one in by:
        if validate_username_format(name, _format=one):
            said[one] = name
    listed = [{"Name": key, "Value": value} for key, value in said.items()]
    user = models.CognitoIdpUser(pool.id, None if by else name, password, models.UserStatus[status], listed)
    pool.users[user.username] = user


def signed_in(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around `CognitoIdpUserPool.create_refresh_token`: somebody has signed in, and gets tokens now."""

    def make(pool: Any, client_id: str, username: str) -> Any:
        asked = now()
        if asked is not None:
            user = pool._get_user(username)
            request = {"userAttributes": events.attributes(user), "newDeviceUsed": False, **asked.metadata}
            asked.call(AFTER, f"{AFTER}_Authentication", user.username, request)
        return former(pool, client_id, username)

    return make


def access_token(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around `CognitoIdpUserPool.create_access_token`, which is made first: the trigger is asked once for both."""

    def make(pool: Any, client_id: str, username: str, origin_jti: str) -> Any:
        asked = now()
        if asked is not None and asked.has(TOKENS):
            _generate(asked, pool._get_user(username))
        return former(pool, client_id, username, origin_jti)

    return make


def _generate(asked: Asked, user: Any) -> None:
    """Ask the pre token generation trigger. Raises JsonRESTError."""
    version = claims.version_of(asked.pool.extended_config["LambdaConfig"])
    groups = claims.groups_of(user.groups)
    request = {"userAttributes": events.attributes(user), "groupConfiguration": groups, **asked.metadata}
    if version != "1":
        request["scopes"] = ["aws.cognito.signin.user.admin"]
    source = f"{events.TOKENS}_{_occasion(asked)}"
    said = asked.call(TOKENS, source, user.username, request, claims.empty(version), version)
    asked.tokens = (version, said)


def _occasion(asked: Asked) -> str:
    if asked.params.get("AuthFlow") in REFRESHING:
        return "RefreshTokens"
    return "NewPasswordChallenge" if asked.params.get("ChallengeName") == "NEW_PASSWORD_REQUIRED" else "Authentication"


def token(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around `CognitoIdpUserPool.create_jwt`: signed again by the pool's key, with the claims the trigger wants."""

    def make(
        pool: Any, client_id: str, username: str, token_use: str, expires_in: int = 3600, extra_data: Any = None
    ) -> Any:
        made, lasts = former(pool, client_id, username, token_use, expires_in, extra_data)
        asked = now()
        if asked is None or asked.tokens is None:
            return made, lasts
        return _signed_again(pool, made, token_use, *asked.tokens), lasts

    return make


def _signed_again(pool: Any, made: str, use: str, version: str, response: Any) -> str:
    from joserfc import jwt

    header, payload = (json.loads(_decoded(part)) for part in made.split(".")[:2])
    try:
        wanted = claims.changed(payload, use, version, response)
    except events.Unrecognised as error:
        raise unrecognised() from error
    return str(jwt.encode(header, wanted, pool.json_web_key))


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
