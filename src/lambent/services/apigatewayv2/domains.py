"""Custom domain names, what of them leads to which API, and VPC links.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html. A name is unique on the whole machine,
as on AWS it is in a region: requests are told apart by it.
"""

import re
import secrets

from lambent.model import api_kinds
from lambent.model.scope import Scope
from lambent.services import domain_names
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import ID_ALPHABET, ApiGatewayV2Env, Document
from lambent.services.apigatewayv2.kinds import API_MAPPING

NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()/~@:;&=,%]*")


def domain_name(env: ApiGatewayV2Env, scope: Scope, parent: str, document: Document) -> Document:
    """The whole document of a domain name. Raises 400, 409, 501."""
    name = document["DomainName"]
    if not NAME.fullmatch(name):
        raise faults.bad_request("Invalid domain name")
    if domain_names.is_own(name, env.is_own):
        raise faults.bad_request(domain_names.OWN.format(name))
    if document.get("MutualTlsAuthentication"):
        raise faults.unbuilt("mutual TLS of a domain name")
    if document.get("RoutingMode", "API_MAPPING_ONLY") != "API_MAPPING_ONLY":
        raise faults.unbuilt("routing rules of a domain name")
    if domain_names.is_taken(env.resources, scope, name):
        raise faults.conflict("The domain name you provided already exists.")
    given = document.get("DomainNameConfigurations") or [{}]
    made = {
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainNameArn": f"arn:aws:apigateway:{scope.region}::/domainnames/{name}",
        "RoutingMode": "API_MAPPING_ONLY",
        "Tags": {},
    } | document
    return made | {"DomainNameConfigurations": [_place(scope) | one for one in given]}


def _place(scope: Scope) -> Document:
    digits = "".join(secrets.choice(ID_ALPHABET) for _ in range(10))
    return {
        "ApiGatewayDomainName": f"d-{digits}.execute-api.{scope.region}.amazonaws.com",
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": "REGIONAL",
        "HostedZoneId": "Z1UJRXOUMOOFQ8",
        "IpAddressType": "ipv4",
        "SecurityPolicy": "TLS_1_2",
    }


def api_mapping(env: ApiGatewayV2Env, scope: Scope, parent: str, document: Document) -> Document:
    """The whole document of a mapping. Raises 400, 409."""
    key = document.setdefault("ApiMappingKey", "")
    if not KEY.fullmatch(key) or key.startswith("/") or key.endswith("/") or "//" in key:
        raise faults.bad_request("ApiMappingKey must not begin or end with a slash, nor hold two in a row")
    for other in env.resources.children(API_MAPPING.stored, scope, parent):
        if other.document["ApiMappingKey"] == key and other.name != document["ApiMappingId"]:
            raise faults.conflict("ApiMapping key already exists for this domain name")
    api, stage = document["ApiId"], document["Stage"]
    if env.resources.get(api_kinds.API, scope, "", api) is None:
        raise faults.bad_request(f"Invalid API identifier specified {scope.account}:{api}")
    if env.resources.get(api_kinds.STAGE, scope, api, stage) is None:
        raise faults.bad_request("Invalid stage identifier specified")
    return document


def vpc_link(env: ApiGatewayV2Env, scope: Scope, parent: str, document: Document) -> Document:
    """A link, which nothing goes through."""
    made = {"CreatedDate": env.wall(), "Tags": {}, "SecurityGroupIds": []} | document
    return made | {"VpcLinkStatus": "AVAILABLE", "VpcLinkVersion": "V2"}
