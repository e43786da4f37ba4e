"""User pools, identity pools and what belongs to them."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, added, put, reads

_POOL = "@UserPool.Id"
_GROUP = {"UserPoolId": "$UserPoolId", "GroupName": "$name"}
_ATTRIBUTES = Do(
    "cognito-idp:AddCustomAttributes", {"UserPoolId": "$id", "CustomAttributes": ["@item"]}, each=added("Schema")
)
_IDENTITIES = {"IdentityPoolId": "$id"}


@reads("IdentityPoolName")
def _identities_name(subject: Subject) -> str:
    """The name, which an update must say."""
    return str(subject.properties.get("IdentityPoolName") or subject.name)


@reads("RoleMappings")
def _mappings(subject: Subject) -> dict[str, Any] | None:
    """The mappings by their provider; a mapping may name the provider itself, as its key can't be a function."""
    said = subject.properties.get("RoleMappings")
    if said is None:
        return None
    return {
        str(one.get("IdentityProvider") or name): {
            key: value for key, value in one.items() if key != "IdentityProvider"
        }
        for name, one in said.items()
    }


def _no_roles(_subject: Subject) -> dict[str, str]:
    return {}


def _factor(name: str) -> Any:
    """Whether a second factor is among those of a pool."""
    return reads("EnabledMfas")(lambda subject: {"Enabled": name in (subject.properties.get("EnabledMfas") or [])})


@reads("EnabledMfas", "SmsConfiguration", "SmsAuthenticationMessage")
def _by_text(subject: Subject) -> dict[str, Any] | None:
    if "SMS_MFA" not in (subject.properties.get("EnabledMfas") or []):
        return None
    said = {name: subject.properties.get(name) for name in ("SmsAuthenticationMessage", "SmsConfiguration")}
    return {name: value for name, value in said.items() if value is not None}


_FACTORS = Do(
    "cognito-idp:SetUserPoolMfaConfig",
    {
        "UserPoolId": "$id",
        "SoftwareTokenMfaConfiguration": _factor("SOFTWARE_TOKEN_MFA"),
        "SmsMfaConfiguration": _by_text,
        "MfaConfiguration": "$MfaConfiguration",
    },
    on=("EnabledMfas",),
)
"""Messages by e-mail as a second factor are told apart from none by nobody here: they are not passed on."""

KINDS = {
    "AWS::Cognito::UserPool": Kind(
        name="UserPoolName",
        length=128,
        create=(
            Do(
                "cognito-idp:CreateUserPool",
                {"PoolName": "$name", "UserPoolTags": "$UserPoolTags", "Schema": "$Schema"},
                fit=True,
            ),
            _FACTORS,
        ),
        update=(
            Do("cognito-idp:UpdateUserPool", {"UserPoolId": "$id", "PoolName": "$UserPoolName"}, fit=True),
            _ATTRIBUTES,
            _FACTORS,
        ),
        delete=(Do("cognito-idp:DeleteUserPool", {"UserPoolId": "$id"}),),
        id=_POOL,
        attributes={
            "Arn": "arn:aws:cognito-idp:{region}:{account}:userpool/{id}",
            "ProviderName": "cognito-idp.{region}.amazonaws.com/{id}",
            "ProviderURL": "https://cognito-idp.{region}.amazonaws.com/{id}",
            "UserPoolId": "{id}",
        },
    ),
    "AWS::Cognito::UserPoolClient": Kind(
        name="ClientName",
        length=128,
        create=(Do("cognito-idp:CreateUserPoolClient", {"ClientName": "$name"}, fit=True),),
        update=(Do("cognito-idp:UpdateUserPoolClient", {"ClientId": "$id"}, fit=True),),
        delete=(Do("cognito-idp:DeleteUserPoolClient", {"UserPoolId": "$UserPoolId", "ClientId": "$id"}),),
        id="@UserPoolClient.ClientId",
        attributes={"ClientId": "{id}", "ClientSecret": "@UserPoolClient.ClientSecret", "Name": "{name}"},
    ),
    "AWS::Cognito::UserPoolDomain": Kind(
        create=(Do("cognito-idp:CreateUserPoolDomain", fit=True),),
        delete=(Do("cognito-idp:DeleteUserPoolDomain", {"UserPoolId": "$UserPoolId", "Domain": "$Domain"}),),
        id="{Domain}",
    ),
    "AWS::Cognito::UserPoolGroup": Kind(
        name="GroupName",
        length=128,
        create=(Do("cognito-idp:CreateGroup", _GROUP, fit=True),),
        update=(Do("cognito-idp:UpdateGroup", _GROUP, fit=True),),
        delete=(Do("cognito-idp:DeleteGroup", _GROUP),),
    ),
    "AWS::Cognito::IdentityPool": Kind(
        name="IdentityPoolName",
        length=128,
        create=(Do("cognito-identity:CreateIdentityPool", {"IdentityPoolName": "$name"}, fit=True),),
        update=(
            Do(
                "cognito-identity:UpdateIdentityPool",
                {"IdentityPoolName": "$name", **_IDENTITIES},
                fit=True,
                takes=("IdentityPoolName",),
            ),
        ),
        delete=(Do("cognito-identity:DeleteIdentityPool", _IDENTITIES),),
        id="@IdentityPoolId",
        attributes={"Id": "{id}", "Name": "{name}"},
    ),
    "AWS::Cognito::IdentityPoolRoleAttachment": put(
        Do("cognito-identity:SetIdentityPoolRoles", {"Roles": "$Roles", "RoleMappings": _mappings}, fit=True),
        delete=(
            Do("cognito-identity:SetIdentityPoolRoles", {"IdentityPoolId": "$IdentityPoolId", "Roles": _no_roles}),
        ),
        id="{IdentityPoolId}",
        attributes={"Id": "{id}"},
        empty={"Roles": {}, "RoleMappings": {}},
    ),
    "AWS::Cognito::UserPoolResourceServer": Kind(
        create=(Do("cognito-idp:CreateResourceServer", fit=True),),
        update=(Do("cognito-idp:UpdateResourceServer", fit=True),),
        delete=(Do("cognito-idp:DeleteResourceServer", {"UserPoolId": "$UserPoolId", "Identifier": "$Identifier"}),),
        id="{Identifier}",
    ),
    "AWS::Cognito::UserPoolUser": Kind(
        name="Username",
        length=128,
        create=(Do("cognito-idp:AdminCreateUser", {"Username": "$name"}, fit=True),),
        delete=(Do("cognito-idp:AdminDeleteUser", {"UserPoolId": "$UserPoolId", "Username": "$name"}),),
    ),
    "AWS::Cognito::UserPoolUserToGroupAttachment": Kind(
        create=(Do("cognito-idp:AdminAddUserToGroup", fit=True),),
        delete=(Do("cognito-idp:AdminRemoveUserFromGroup", fit=True),),
        id="{UserPoolId}|{GroupName}|{Username}",
    ),
    "AWS::Cognito::UserPoolIdentityProvider": Kind(
        create=(Do("cognito-idp:CreateIdentityProvider", fit=True),),
        update=(Do("cognito-idp:UpdateIdentityProvider", fit=True, without=("ProviderType",)),),
        delete=(
            Do("cognito-idp:DeleteIdentityProvider", {"UserPoolId": "$UserPoolId", "ProviderName": "$ProviderName"}),
        ),
        id="{ProviderName}",
    ),
}
