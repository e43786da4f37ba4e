"""Triggers of user pools, with moto's own Cognito and functions that are Python's."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.places import Place
from lambent.neighbour.bridges.pools import challenges, events
from lambent.neighbour.bridges.pools.replaced import REPLACED

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:{}"
PASSWORD = "Secret-Word-1"
Function = Callable[[dict[str, Any]], Any]


class Functions(Gateway):
    """Functions by the trigger's name; what they were asked."""

    def __init__(self) -> None:
        super().__init__("")
        self.of: dict[str, Function] = {}
        self.events: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}

    def trigger(self, said: Mapping[str, Any]) -> dict[str, Any]:
        name = said["function"].rpartition(":")[2]
        self.events.append(json.loads(json.dumps(said["event"])))
        if name in self.answers:
            return dict(self.answers[name])
        event = json.loads(json.dumps(said["event"]))
        changed = self.of[name](event) if name in self.of else None
        return {"payload": json.dumps(event if changed is None else changed)}

    @property
    def sources(self) -> list[str]:
        return [event["triggerSource"] for event in self.events]


@pytest.fixture(scope="module")
def cognito() -> Iterator[tuple[Any, Functions]]:
    gateway = Functions()
    places = [Place(*one) for one in REPLACED]
    former = [place.current() for place in places]
    with mock_aws():
        for place, was in zip(places, former, strict=True):
            place.put(place.make(gateway, was))
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        yield boto3.client("cognito-idp", region_name="us-east-1", **keys), gateway
        for place, was in zip(places, former, strict=True):
            place.put(was)


class World:
    """A pool whose triggers are those functions."""

    def __init__(self, cognito: Any, functions: Functions, more: dict[str, Any], **of: Function) -> None:
        functions.of, functions.events, functions.answers = of, [], {}
        triggers = {name: FUNCTION.format(name) for name in of}
        self.functions, self.cognito = functions, cognito
        self.pool = cognito.create_user_pool(PoolName="p", LambdaConfig={**triggers, **more})["UserPool"]["Id"]
        self.client = cognito.create_user_pool_client(UserPoolId=self.pool, ClientName="c")["UserPoolClient"][
            "ClientId"
        ]

    def sign_up(self, name: str = "ann", **more: Any) -> dict[str, Any]:
        attributes = [{"Name": "email", "Value": "ann@example.org"}]
        said: dict[str, Any] = self.cognito.sign_up(
            ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=attributes, **more
        )
        return said

    def user(self, name: str = "ann") -> None:
        self.cognito.admin_create_user(UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True)
        self.functions.events.clear()

    def sign_in(self, name: str = "ann", flow: str = "USER_PASSWORD_AUTH", **parameters: str) -> dict[str, Any]:
        given = parameters or {"PASSWORD": PASSWORD}
        said: dict[str, Any] = self.cognito.initiate_auth(
            ClientId=self.client, AuthFlow=flow, AuthParameters={"USERNAME": name, **given}, ClientMetadata={"m": "1"}
        )
        return said

    def status(self, name: str = "ann") -> str:
        return str(self.cognito.admin_get_user(UserPoolId=self.pool, Username=name)["UserStatus"])


def same(_event: dict[str, Any]) -> None:
    return None


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_a_function_confirms_who_signs_up(cognito: tuple[Any, Functions]) -> None:
    def confirm(event: dict[str, Any]) -> None:
        event["response"] |= {"autoConfirmUser": True, "autoVerifyEmail": True}

    world = World(*cognito, {}, PreSignUp=confirm, PostConfirmation=same)
    said = world.sign_up(ValidationData=[{"Name": "from", "Value": "x"}], ClientMetadata={"k": "v"})
    assert said["UserConfirmed"] and "CodeDeliveryDetails" not in said
    first, second = world.functions.events
    assert first == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": world.pool,
        "userName": "ann",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": world.client},
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": "ann@example.org"},
            "validationData": {"from": "x"},
            "clientMetadata": {"k": "v"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert second["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    told = second["request"]["userAttributes"]
    assert told | {"sub": ""} == {
        "sub": "",
        "email": "ann@example.org",
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
    }


def test_who_is_refused_is_no_user(cognito: tuple[Any, Functions]) -> None:
    world = World(*cognito, {}, PreSignUp=same)
    world.functions.answers["PreSignUp"] = {"failed": "not you"}
    with pytest.raises(ClientError) as caught:
        world.sign_up()
    error = caught.value.response["Error"]
    assert error == {"Code": "UserLambdaValidationException", "Message": "PreSignUp failed with error not you."}
    with pytest.raises(ClientError, match="UserNotFoundException"):
        world.status()


def test_of_two_who_sign_up_under_one_name_the_first_is_the_user(cognito: tuple[Any, Functions]) -> None:
    def hurry(event: dict[str, Any]) -> None:
        if len(world.functions.events) == 1:
            world.sign_up()

    world = World(*cognito, {}, PreSignUp=hurry)
    with pytest.raises(ClientError, match="UsernameExistsException"):
        world.sign_up()
    assert world.status() == "UNCONFIRMED"


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        (
            {"error": "AccessDeniedException"},
            "UnexpectedLambdaException",
            "PreSignUp invocation failed due to error AccessDeniedException.",
        ),
        ({"payload": "null"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        ({"payload": "{"}, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        (
            {"payload": '{"response": {"autoConfirmUser": "yes"}}'},
            "InvalidLambdaResponseException",
            "Unrecognizable lambda output",
        ),
    ],
)
def test_what_goes_wrong_is_said_as_on_aws(
    cognito: tuple[Any, Functions], answer: dict[str, str], code: str, text: str
) -> None:
    world = World(*cognito, {}, PreSignUp=same)
    world.functions.answers["PreSignUp"] = answer
    with pytest.raises(ClientError) as caught:
        world.sign_up()
    assert caught.value.response["Error"] == {"Code": code, "Message": text}


def test_an_administrator_makes_users_whom_no_function_confirms(cognito: tuple[Any, Functions]) -> None:
    def confirm(event: dict[str, Any]) -> None:
        event["response"]["autoConfirmUser"] = True

    world = World(*cognito, {}, PreSignUp=confirm, CustomMessage=same)
    world.cognito.admin_create_user(UserPoolId=world.pool, Username="ann")
    assert world.status() == "FORCE_CHANGE_PASSWORD"
    assert world.functions.sources == ["PreSignUp_AdminCreateUser", "CustomMessage_AdminCreateUser"]
    message = world.functions.events[1]
    assert message["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert (message["request"]["codeParameter"], message["request"]["usernameParameter"]) == ("{####}", "{username}")
    assert message["response"] == {"smsMessage": None, "emailMessage": None, "emailSubject": None}


def test_signing_in_asks_before_and_after_and_makes_the_tokens(cognito: tuple[Any, Functions]) -> None:
    def generate(event: dict[str, Any]) -> None:
        event["response"]["claimsOverrideDetails"] = {
            "claimsToAddOrOverride": {"role": "queen", "sub": "nobody"},
            "claimsToSuppress": ["cognito:username", "auth_time", "email"],
            "groupOverrideDetails": {"groupsToOverride": ["g2"], "preferredRole": "arn:r"},
        }

    world = World(*cognito, {}, PreAuthentication=same, PostAuthentication=same, PreTokenGeneration=generate)
    world.user()
    said = world.sign_in()["AuthenticationResult"]
    assert world.functions.sources == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    ]
    before, after, tokens = world.functions.events
    assert before["request"]["validationData"] == {"m": "1"}
    assert after["request"]["newDeviceUsed"] is False and "clientMetadata" not in after["request"]
    groups = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
    assert tokens["request"]["groupConfiguration"] == groups
    assert tokens["response"] == {"claimsOverrideDetails": None}
    mine, access = claims(said["IdToken"]), claims(said["AccessToken"])
    assert (mine["role"], mine["cognito:groups"], mine["cognito:preferred_role"]) == ("queen", ["g2"], "arn:r")
    assert mine["sub"] != "nobody" and mine["cognito:username"] == "ann" and mine["auth_time"]
    assert "role" not in access and access["cognito:groups"] == ["g2"]
    world.functions.events.clear()
    refreshed = world.sign_in(flow="REFRESH_TOKEN_AUTH", REFRESH_TOKEN=said["RefreshToken"])["AuthenticationResult"]
    assert world.functions.sources == ["TokenGeneration_RefreshTokens"]
    assert claims(refreshed["IdToken"])["role"] == "queen"


def test_the_second_version_changes_access_tokens_that_are_good(cognito: tuple[Any, Functions]) -> None:
    def generate(event: dict[str, Any]) -> None:
        assert event["version"] == "2" and event["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
        event["response"]["claimsAndScopeOverrideDetails"] = {
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenant": {"id": 7}},
                "scopesToAdd": ["read", "aws.cognito.none", "two words"],
            }
        }

    arn = FUNCTION.format("tokens")
    world = World(*cognito, {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn}})
    world.functions.of["tokens"] = generate
    world.user()
    token = world.sign_in()["AuthenticationResult"]["AccessToken"]
    assert claims(token)["tenant"] == {"id": 7} and claims(token)["scope"] == "aws.cognito.signin.user.admin read"
    assert world.cognito.get_user(AccessToken=token)["Username"] == "ann"


def test_no_tokens_where_a_function_says_no(cognito: tuple[Any, Functions]) -> None:
    for trigger in ("PreAuthentication", "PostAuthentication", "PreTokenGeneration"):
        world = World(*cognito, {}, **{trigger: same})
        world.user()
        world.functions.answers[trigger] = {"failed": "no"}
        with pytest.raises(ClientError, match=f"{trigger} failed with error no"):
            world.sign_in()


def test_a_user_moves_in_with_the_first_password(cognito: tuple[Any, Functions]) -> None:
    def migrate(event: dict[str, Any]) -> None:
        if event["request"]["password"] == PASSWORD:
            event["response"]["userAttributes"] = {"email": "b@example.org", "email_verified": "true"}

    world = World(*cognito, {}, UserMigration=migrate)
    with pytest.raises(ClientError, match=f"Exception migrating user in app client {world.client}"):
        world.sign_in("bob", PASSWORD="wrong")
    assert "AuthenticationResult" in world.sign_in("bob")
    assert world.status("bob") == "CONFIRMED"
    assert world.functions.sources == ["UserMigration_Authentication"] * 2
    assert "AuthenticationResult" in world.sign_in("bob") and len(world.functions.events) == 2


def test_challenges_of_ones_own(cognito: tuple[Any, Functions]) -> None:
    def define(event: dict[str, Any]) -> None:
        rounds = event["request"]["session"]
        if rounds and rounds[-1]["challengeResult"]:
            event["response"] |= {"issueTokens": True, "failAuthentication": False}
        elif len(rounds) > 1:
            event["response"] |= {"issueTokens": False, "failAuthentication": True}
        else:
            event["response"] |= {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False}

    def create(event: dict[str, Any]) -> None:
        event["response"] = {
            "publicChallengeParameters": {"ask": "1+1"},
            "privateChallengeParameters": {"answer": "2"},
            "challengeMetadata": "SUM",
        }

    def verify(event: dict[str, Any]) -> None:
        request = event["request"]
        event["response"]["answerCorrect"] = (
            request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
        )

    of = {"DefineAuthChallenge": define, "CreateAuthChallenge": create, "VerifyAuthChallengeResponse": verify}
    world = World(*cognito, {}, **of)
    world.user()

    def respond(session: str, answer: str) -> dict[str, Any]:
        said: dict[str, Any] = world.cognito.respond_to_auth_challenge(
            ClientId=world.client,
            ChallengeName=challenges.CUSTOM,
            Session=session,
            ChallengeResponses={"USERNAME": "ann", "ANSWER": answer},
        )
        return said

    begun = world.sign_in(flow="CUSTOM_AUTH", X="1")
    assert begun["ChallengeParameters"] == {"ask": "1+1", "USERNAME": "ann"}
    again = respond(begun["Session"], "3")
    assert again["ChallengeName"] == challenges.CUSTOM
    with pytest.raises(ClientError, match="Invalid session for the user"):
        respond(begun["Session"], "2")
    assert "AuthenticationResult" in respond(again["Session"], "2")
    last = world.functions.events[-1]["request"]["session"]
    one = {"challengeName": challenges.CUSTOM, "challengeMetadata": "SUM"}
    assert last == [{**one, "challengeResult": False}, {**one, "challengeResult": True}]
    begun = world.sign_in(flow="CUSTOM_AUTH", X="1")
    with pytest.raises(ClientError, match="Incorrect username or password"):
        respond(respond(begun["Session"], "3")["Session"], "3")


def test_custom_authentication_needs_its_triggers(cognito: tuple[Any, Functions]) -> None:
    world = World(*cognito, {}, PreSignUp=same)
    world.user()
    with pytest.raises(ClientError, match="Custom auth lambda trigger is not configured"):
        world.sign_in(flow="CUSTOM_AUTH", X="1")


@pytest.mark.parametrize("said", ['"\\ud800"', "NaN", "[" * 100_000, "9" * 5_000, '{"a": {"b": "\\udfff"}}'])
def test_an_answer_that_nobody_else_could_read_is_none(said: str) -> None:
    with pytest.raises(events.Unrecognised):
        events.answer(f'{{"response": {{"claimsOverrideDetails": {said}}}}}')
