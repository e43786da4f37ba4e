"""Domain names of APIs, certificates, zones and their records."""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.deploy.resources.calls import NotMade
from lambent.deploy.resources.kind import Do, Kind, Subject, added, reads, removed
from lambent.deploy.resources.patching import patched
from lambent.deploy.resources.types.apis import tagged

ROOT = "(none)"
"""How API Gateway names the base path that is none."""
_DOMAIN = {"domainName": "$DomainName"}
_RECORD = (
    *("Name", "Type", "TTL", "SetIdentifier", "Weight", "Region", "Failover", "MultiValueAnswer", "HealthCheckId"),
    *("AliasTarget", "GeoLocation", "ResourceRecords"),
)


@reads("BasePath")
def _path(subject: Subject) -> str:
    return str(subject.properties.get("BasePath") or ROOT)


def _record(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The names with and without a dot at their end are one; moto finds what it deletes by the latter alone."""
    said = {name: properties[name] for name in _RECORD if name in properties}
    said["Name"] = str(said["Name"]).removesuffix(".")
    if "ResourceRecords" in said:
        said["ResourceRecords"] = [{"Value": one} for one in said["ResourceRecords"]]
    if "TTL" in said:
        said["TTL"] = int(said["TTL"])
    if "AliasTarget" in said:  # a template may leave out what the API wants said
        said["AliasTarget"] = {"EvaluateTargetHealth": False, **said["AliasTarget"]}
    return said


@reads("HostedZoneId", "HostedZoneName")
def _zone_of(subject: Subject) -> str:
    """The zone of records: by its id, else by its name, which `_BY_NAME` has asked for."""
    if subject.properties.get("HostedZoneId"):
        return str(subject.properties["HostedZoneId"])
    name = str(subject.properties.get("HostedZoneName", ""))
    found = [one["Id"] for one in subject.answers.get("HostedZones") or [] if one["Name"] == name]
    if len(found) != 1:
        raise NotMade(f"{'Multiple' if found else 'No'} hosted zones named {name} found")
    return str(found[0]).rpartition("/")[2]


_BY_NAME = Do("route53:ListHostedZonesByName", {"DNSName": "$HostedZoneName"}, on=("HostedZoneName",), anew=True)


def _batch(changes: Callable[[Subject], list[dict[str, Any]]]) -> tuple[Do, Do]:
    return _BY_NAME, Do(
        "route53:ChangeResourceRecordSets", {"HostedZoneId": _zone_of, "ChangeBatch": {"Changes": changes}}
    )


def _changes(action: str) -> tuple[Do, Do]:
    """The record as a whole: what it has no longer is gone with it."""
    return _batch(reads(*_RECORD)(lambda one: [{"Action": action, "ResourceRecordSet": _record(one.properties)}]))


@reads("RecordSets")
def _group(subject: Subject) -> list[dict[str, Any]]:
    """A group's records in one batch, with those away that it has no more."""
    former, now = (
        {(record["Name"], record.get("Type"), record.get("SetIdentifier")): record for record in map(_record, said)}
        for said in (subject.former.get("RecordSets") or [], subject.properties.get("RecordSets") or [])
    )
    gone = [record for key, record in former.items() if key not in now]
    return [
        *({"Action": "DELETE", "ResourceRecordSet": one} for one in gone),
        *({"Action": "UPSERT", "ResourceRecordSet": one} for one in now.values()),
    ]


@reads("RecordSets")
def _no_group(subject: Subject) -> list[dict[str, Any]]:
    said = subject.properties.get("RecordSets") or []
    return [{"Action": "DELETE", "ResourceRecordSet": _record(one)} for one in said]


def _zone(subject: Subject) -> str:
    return str(subject.answers["HostedZone"]["Id"]).rpartition("/")[2]


@reads("HostedZoneConfig", "VPCs")
def _zone_config(subject: Subject) -> dict[str, Any] | None:
    """One that belongs to networks is private, which a template does not say."""
    said = dict(subject.properties.get("HostedZoneConfig") or {})
    return {**said, "PrivateZone": True} if subject.properties.get("VPCs") else said or None


_ZONE = {"ResourceType": "hostedzone", "ResourceId": "$id"}
_TAG_ZONE = Do("route53:ChangeTagsForResource", {**_ZONE, "AddTags": "$HostedZoneTags"})

KINDS = {
    "AWS::ApiGateway::DomainName": Kind(
        create=(Do("apigateway:CreateDomainName", fit=True),),
        update=(
            patched(
                "apigateway:UpdateDomainName",
                _DOMAIN,
                ("RegionalCertificateArn", "/regionalCertificateArn"),
                ("CertificateArn", "/certificateArn"),
                ("SecurityPolicy", "/securityPolicy"),
                ("RoutingMode", "/routingMode"),
                ("EndpointAccessMode", "/endpointAccessMode"),
                ("OwnershipVerificationCertificateArn", "/ownershipVerificationCertificateArn"),
                ("MutualTlsAuthentication.TruststoreUri", "/mutualTlsAuthentication/truststoreUri"),
                ("MutualTlsAuthentication.TruststoreVersion", "/mutualTlsAuthentication/truststoreVersion"),
            ),
        ),
        delete=(Do("apigateway:DeleteDomainName", _DOMAIN),),
        id="{DomainName}",
        attributes={
            name: f"@{name[0].lower()}{name[1:]}"
            for name in (
                *("DistributionDomainName", "DistributionHostedZoneId", "DomainNameArn"),
                *("RegionalDomainName", "RegionalHostedZoneId"),
            )
        },
        **tagged("domainnames/{DomainName}"),
    ),
    "AWS::ApiGateway::BasePathMapping": Kind(
        create=(Do("apigateway:CreateBasePathMapping", {"basePath": _path}, fit=True),),
        update=(
            patched(
                "apigateway:UpdateBasePathMapping",
                {**_DOMAIN, "basePath": _path},
                ("RestApiId", "/restApiId"),
                ("Stage", "/stage"),
            ),
        ),
        delete=(Do("apigateway:DeleteBasePathMapping", {**_DOMAIN, "basePath": _path}),),
        id="{DomainName}|{logical}",
    ),
    "AWS::ApiGatewayV2::DomainName": Kind(
        create=(Do("apigatewayv2:CreateDomainName", fit=True),),
        update=(
            Do(
                "apigatewayv2:UpdateDomainName",
                {"DomainName": "$DomainName"},
                fit=True,
            ),
        ),
        delete=(Do("apigatewayv2:DeleteDomainName", {"DomainName": "$DomainName"}),),
        id="{DomainName}",
        attributes={
            "RegionalDomainName": "@DomainNameConfigurations[0].ApiGatewayDomainName",
            "RegionalHostedZoneId": "@DomainNameConfigurations[0].HostedZoneId",
            "DomainNameArn": "@DomainNameArn",
        },
        **tagged("domainnames/{DomainName}", "apigatewayv2:", "ResourceArn"),
    ),
    "AWS::ApiGatewayV2::ApiMapping": Kind(
        create=(Do("apigatewayv2:CreateApiMapping", fit=True),),
        update=(Do("apigatewayv2:UpdateApiMapping", {"ApiMappingId": "$id"}, fit=True),),
        delete=(Do("apigatewayv2:DeleteApiMapping", {"ApiMappingId": "$id", "DomainName": "$DomainName"}),),
        id="@ApiMappingId",
        attributes={"ApiMappingId": "{id}"},
    ),
    "AWS::CertificateManager::Certificate": Kind(
        create=(
            Do(
                "acm:RequestCertificate",
                {"DomainValidationOptions": None},
                fit=True,
                takes=("DomainValidationOptions",),
            ),
        ),
        delete=(Do("acm:DeleteCertificate", {"CertificateArn": "$id"}),),
        id="@CertificateArn",
        attributes={"CertificateArn": "{id}", "Id": "{id}"},
    ),
    "AWS::Route53::HostedZone": Kind(
        create=(
            Do(
                "route53:CreateHostedZone",
                {
                    "Name": "$Name",
                    "CallerReference": "{stack}-{logical}-{name}",
                    "HostedZoneConfig": _zone_config,
                    "VPC": reads("VPCs")(lambda one: next(iter(one.properties.get("VPCs") or []), None)),
                },
            ),
            Do(
                "route53:AssociateVPCWithHostedZone",
                {"HostedZoneId": "$id", "VPC": "@item"},
                each=reads("VPCs")(lambda one: (one.properties.get("VPCs") or [])[1:]),
            ),
            Do(_TAG_ZONE.call, _TAG_ZONE.params, on=("HostedZoneTags",)),
        ),
        update=(
            Do("route53:AssociateVPCWithHostedZone", {"HostedZoneId": "$id", "VPC": "@item"}, each=added("VPCs")),
            Do("route53:DisassociateVPCFromHostedZone", {"HostedZoneId": "$id", "VPC": "@item"}, each=removed("VPCs")),
            Do(
                "route53:UpdateHostedZoneComment",
                {"Id": "$id", "Comment": "$HostedZoneConfig.Comment"},
                on=("HostedZoneConfig",),
            ),
        ),
        empty={"HostedZoneConfig": {"Comment": ""}},
        delete=(Do("route53:DeleteHostedZone", {"Id": "$id"}),),
        id=_zone,
        tags="HostedZoneTags",
        tag=_TAG_ZONE,
        untag=Do(_TAG_ZONE.call, {**_ZONE, "RemoveTagKeys": "@removed"}),
        attributes={"Id": "{id}", "NameServers": "@DelegationSet.NameServers"},
    ),
    "AWS::Route53::RecordSet": Kind(
        create=_changes("UPSERT"),
        update=_changes("UPSERT"),
        delete=_changes("DELETE"),
        made=1,
        id="{Name}",
        quiet=("Comment",),
    ),
    "AWS::Route53::RecordSetGroup": Kind(
        create=_batch(_group),
        update=_batch(_group),
        delete=_batch(_no_group),
        made=1,
        attributes={"Id": "{id}"},
        quiet=("Comment",),
    ),
}
