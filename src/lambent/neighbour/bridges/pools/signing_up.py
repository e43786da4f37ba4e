"""Signing up, and what messages say: pre sign-up, post confirmation and custom message triggers.

Sources: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html,
user-pool-lambda-post-confirmation.html, user-pool-lambda-custom-message.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.pools import events
from lambent.neighbour.bridges.pools.asking import Asked, fault, now

PRE, POST, MESSAGE = "PreSignUp", "PostConfirmation", "CustomMessage"
MAKING = {"SignUp": f"{PRE}_SignUp", "AdminCreateUser": f"{PRE}_AdminCreateUser"}
"""Operations that make users, and the trigger's source."""
VERIFIED = {"autoVerifyEmail": "email", "autoVerifyPhone": "phone_number"}
CODE, LINK, NAME = "{####}", "{##Click Here##}", "{username}"


def make_user(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around `CognitoIdpUser.__init__`: moto has checked everything, and nobody can see the user yet."""

    def make(
        user: Any, user_pool_id: str, username: str | None, password: str | None, status: str, attributes: Any
    ) -> None:
        former(user, user_pool_id, username, password, status, attributes)
        asked = now()
        if asked is not None and asked.operation in MAKING and asked.params.get("MessageAction") != "RESEND":
            _before(asked, user)
            if asked.pool._get_user(asked.params.get("Username")) is not None:  # who came while the function ran
                raise fault("UsernameExistsException", "User already exists")

    return make


def _before(asked: Asked, user: Any) -> None:
    """Ask the pre sign-up trigger, whose answer counts for those who sign up themselves. Raises JsonRESTError."""
    given = {str(name): str(value) for name, value in user.attribute_lookup.items() if name != "sub"}
    validation = {one["Name"]: one.get("Value") for one in asked.params.get("ValidationData") or ()}
    request = {"userAttributes": given, "validationData": validation or None, **asked.metadata}
    said = asked.call(PRE, MAKING[asked.operation], user.username, request)
    if asked.operation != "SignUp":
        return
    for name, attribute in VERIFIED.items():
        if not said.get(name):
            continue
        if not user.attribute_lookup.get(attribute):
            text = f"{name} is true, and the user has no {attribute}."  # our wording
            raise fault("InvalidLambdaResponseException", text)
        user.update_attributes([{"Name": f"{attribute}_verified", "Value": "true"}])
    if said.get("autoConfirmUser"):
        user.status = _status("CONFIRMED")


def _status(name: str) -> Any:
    from moto.cognitoidp.models import UserStatus

    return UserStatus[name]


def sign_up(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """SignUp."""
    answer = former()
    said = answer.result
    user = next(one for one in asked.pool.users.values() if one.id == said["UserSub"])
    if said["UserConfirmed"]:
        said.pop("CodeDeliveryDetails", None)
        _confirmed(asked, user, "ConfirmSignUp")
    elif said.get("CodeDeliveryDetails"):
        message(asked, user, "SignUp")
    return answer


def create(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """AdminCreateUser."""
    answer = former()
    if asked.params.get("MessageAction") != "SUPPRESS":
        user = asked.pool.users[answer.result["User"]["Username"]]
        message(asked, user, "AdminCreateUser", name=NAME)
    return answer


def confirm(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """ConfirmSignUp and AdminConfirmSignUp."""
    answer = former()
    _confirmed(asked, asked.pool._get_user(asked.params.get("Username")), "ConfirmSignUp")
    return answer


def confirm_password(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """ConfirmForgotPassword."""
    answer = former()
    _confirmed(asked, asked.pool._get_user(asked.params.get("Username")), "ConfirmForgotPassword")
    return answer


def reset(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """AdminResetUserPassword."""
    answer = former()
    message(asked, asked.pool._get_user(asked.params.get("Username")), "ForgotPassword")
    return answer


def update(_response: Any, asked: Asked, former: Callable[[], Any]) -> Any:
    """UpdateUserAttributes and AdminUpdateUserAttributes: what is verified by itself gets a code when it changes."""
    user = _user_of(asked)
    before = dict(user.attribute_lookup) if user is not None else {}
    answer = former()
    verified = asked.pool.extended_config.get("AutoVerifiedAttributes") or ()
    if user is not None and any(user.attribute_lookup.get(one) not in (None, before.get(one)) for one in verified):
        message(asked, user, "UpdateUserAttribute")
    return answer


def _user_of(asked: Asked) -> Any:
    token = asked.params.get("AccessToken")
    name = asked.pool.access_tokens[token][1] if token else asked.params.get("Username")
    return asked.pool._get_user(name)


def _confirmed(asked: Asked, user: Any, what: str) -> None:
    request = {"userAttributes": events.attributes(user), **asked.metadata}
    asked.call(POST, f"{POST}_{what}", user.username, request)


def message(asked: Asked, user: Any, what: str, name: str | None = None) -> Mapping[str, Any]:
    """What the custom message trigger would have sent. Nothing is sent; the server tells of it."""
    request = {
        "userAttributes": events.attributes(user),
        "codeParameter": CODE,
        "linkParameter": LINK,
        "usernameParameter": name,
        **asked.metadata,
    }
    return asked.call(MESSAGE, f"{MESSAGE}_{what}", user.username, request)
