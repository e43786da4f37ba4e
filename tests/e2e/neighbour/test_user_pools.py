"""Triggers of user pools, as SAM's template deploys them: real clients, moto's Cognito, functions of the server."""

import base64
import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import RUNTIME, Server
from tests.e2e.deploy.stacks import deleted, made
from tests.e2e.neighbour.test_kept import found

APP = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Users:
    Type: AWS::Cognito::UserPool
    Properties: {UserPoolName: users}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: !Ref Users, ClientName: app}
  Trigger:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            if event["userName"] == "eve":
                raise ValueError("not you")
            if event["triggerSource"] == "PreSignUp_SignUp":
                event["response"]["autoConfirmUser"] = True
            elif event["triggerSource"].startswith("TokenGeneration"):
                event["response"]["claimsOverrideDetails"] = {"claimsToAddOrOverride": {"role": "queen"}}
            elif event["triggerSource"] == "CustomMessage_AdminCreateUser":
                event["response"]["emailMessage"] = "{username}: {####}"
            elif event["triggerSource"].startswith("PreAuthentication"):
                return event["triggerSource"]
            return event
      Events:
        Pool:
          Type: Cognito
          Properties: {UserPool: !Ref Users, Trigger: [PreSignUp, PreTokenGeneration, CustomMessage, PreAuthentication]}
  Me:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return event["requestContext"]["authorizer"]["jwt"]["claims"]
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /me, Method: get}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Pool
        Authorizers:
          Pool:
            IdentitySource: $request.header.Authorization
            JwtConfiguration:
              issuer: !Sub https://cognito-idp.${AWS::Region}.amazonaws.com/${Users}
              audience: [!Ref Client]
Outputs:
  Pool: {Value: !Ref Users}
  Arn: {Value: !GetAtt Users.Arn}
  Client: {Value: !Ref Client}
  Api: {Value: !Ref Api}
  Function: {Value: !Ref Trigger}
""".replace("RUNTIME", RUNTIME)
PASSWORD = "Secret-Word-1"


def test_functions_have_their_say_in_a_user_pool(server: Server) -> None:
    said = made(server, "pool-of-users", APP)
    users = server.client("cognito-idp")

    def sign_up(name: str) -> dict[str, Any]:
        made_: dict[str, Any] = users.sign_up(ClientId=said["Client"], Username=name, Password=PASSWORD)
        return made_

    def sign_in(flow: str, **parameters: str) -> dict[str, Any]:
        asked = users.initiate_auth(ClientId=said["Client"], AuthFlow=flow, AuthParameters=parameters)
        tokens: dict[str, Any] = asked["AuthenticationResult"]
        return tokens

    assert sign_up("ann")["UserConfirmed"]
    with pytest.raises(ClientError) as caught:
        sign_up("eve")
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "UserLambdaValidationException",
        "PreSignUp failed with error not you.",
    )
    with pytest.raises(ClientError, match="UserNotFoundException"):
        users.admin_get_user(UserPoolId=said["Pool"], Username="eve")
    with pytest.raises(ClientError, match=r"InvalidLambdaResponseException.*Unrecognizable lambda output"):
        sign_in("USER_PASSWORD_AUTH", USERNAME="ann", PASSWORD=PASSWORD)
    config = users.describe_user_pool(UserPoolId=said["Pool"])["UserPool"]["LambdaConfig"]
    config.pop("PreAuthentication")
    users.update_user_pool(UserPoolId=said["Pool"], LambdaConfig=config)
    token = sign_in("USER_PASSWORD_AUTH", USERNAME="ann", PASSWORD=PASSWORD)["IdToken"]
    part = token.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["role"] == "queen"
    url = f"{server.endpoint}/_aws/execute-api/{said['Api']}/me"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": token})) as answer:
        assert json.loads(answer.read())["role"] == "queen"
    users.admin_create_user(UserPoolId=said["Pool"], Username="bob")
    assert found(server, "message-not-sent")[said["Arn"]].endswith("emailMessage: {username}: {####}")
    [statement] = json.loads(server.client("lambda").get_policy(FunctionName=said["Function"])["Policy"])["Statement"]
    server.client("lambda").remove_permission(FunctionName=said["Function"], StatementId=statement["Sid"])
    with pytest.raises(ClientError, match=r"UnexpectedLambdaException.*due to error AccessDeniedException"):
        sign_up("cid")
    deleted(server, "pool-of-users")


def test_what_no_pool_does_is_refused_by_name(server: Server) -> None:
    sender = {"LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:f"}
    config = {"CustomEmailSender": sender, "KMSKeyID": "arn:aws:kms:us-east-1:000000000000:key/k"}
    with pytest.raises(ClientError, match="cognito-idp:CreateUserPool yet: user pools send no mail"):
        server.client("cognito-idp").create_user_pool(PoolName="p", LambdaConfig=config)
