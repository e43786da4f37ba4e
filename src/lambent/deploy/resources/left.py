"""What a server has left that was killed between the making of a resource and its writing down: found by the name that
it was given, in its type's list, so that the next server makes none twice. APIs and their resources are found by tags
and path (`types/apis.py`); what has neither a name nor a tag of its own when it is made is not listed here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jmespath

from lambent.deploy.resources.kind import Do, Left, Said, Subject, value_of

_REST, _V2 = {"restApiId": "$RestApiId", "limit": 500}, {"ApiId": "$ApiId", "MaxResults": "500"}


def _by(path: str, said: Said) -> Callable[[Mapping[str, Any], Subject], bool]:
    """Whether what an item has at `path` is what the resource was to have."""

    def same(item: Mapping[str, Any], subject: Subject) -> bool:
        wanted = value_of(said, subject)
        return wanted is not None and str(jmespath.search(path, dict(item))) == str(wanted)

    return same


def _named(call: str, params: Mapping[str, Said], items: str, path: str, said: Said = "$name") -> Left:
    return Left(Do(call, params), items, _by(path, said))


LEFT: Mapping[str, Left] = {
    "AWS::ApiGateway::ApiKey": _named("apigateway:GetApiKeys", {"limit": 500}, "items", "name"),
    "AWS::ApiGateway::UsagePlan": _named("apigateway:GetUsagePlans", {"limit": 500}, "items", "name"),
    "AWS::ApiGateway::Authorizer": _named("apigateway:GetAuthorizers", _REST, "items", "name", "$Name"),
    "AWS::ApiGateway::RequestValidator": _named("apigateway:GetRequestValidators", _REST, "items", "name", "$Name"),
    "AWS::ApiGatewayV2::Authorizer": _named("apigatewayv2:GetAuthorizers", _V2, "Items", "Name", "$Name"),
    "AWS::ApiGatewayV2::Model": _named("apigatewayv2:GetModels", _V2, "Items", "Name", "$Name"),
    "AWS::ApiGatewayV2::Route": _named("apigatewayv2:GetRoutes", _V2, "Items", "RouteKey", "$RouteKey"),
    "AWS::Cognito::UserPool": _named(
        "cognito-idp:ListUserPools", {"MaxResults": 60}, "UserPools[].{UserPool: @}", "UserPool.Name"
    ),
    "AWS::Cognito::UserPoolClient": _named(
        "cognito-idp:ListUserPoolClients",
        {"UserPoolId": "$UserPoolId", "MaxResults": 60},
        "UserPoolClients[].{UserPoolClient: @}",
        "UserPoolClient.ClientName",
    ),
    "AWS::Cognito::IdentityPool": _named(
        "cognito-identity:ListIdentityPools", {"MaxResults": 60}, "IdentityPools", "IdentityPoolName"
    ),
    "AWS::EC2::SecurityGroup": _named(
        "ec2:DescribeSecurityGroups",
        {"Filters": [{"Name": "group-name", "Values": ["$name"]}]},
        "SecurityGroups",
        "GroupName",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": _named(
        "elbv2:DescribeListeners",
        {"LoadBalancerArn": "$LoadBalancerArn"},
        "Listeners[].{Listeners: [@]}",
        "Listeners[0].Port",
        "$Port",
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": _named(
        "elbv2:DescribeRules",
        {"ListenerArn": "$ListenerArn"},
        "Rules[].{Rules: [@]}",
        "Rules[0].Priority",
        "$Priority",
    ),
    "AWS::IAM::ManagedPolicy": _named(
        "iam:ListPolicies", {"Scope": "Local", "MaxItems": 1000}, "Policies[].{Policy: @}", "Policy.PolicyName"
    ),
    "AWS::Kinesis::StreamConsumer": _named(
        "kinesis:ListStreamConsumers",
        {"StreamARN": "$StreamARN"},
        "Consumers[].{Consumer: @}",
        "Consumer.ConsumerName",
        "$ConsumerName",
    ),
    "AWS::SecretsManager::Secret": _named(
        "secretsmanager:ListSecrets", {"Filters": [{"Key": "name", "Values": ["$name"]}]}, "SecretList", "Name"
    ),
}
"""Type -> how it is found."""
