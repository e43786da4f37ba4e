"""CloudFront and WAF: kept where they are answered, without effect on any request.

The neighbour has no operations for some of CloudFront's types: those are kept by their stack alone.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudFront.html, AWS_WAFv2.html
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from lambent.deploy.resources.kind import Do, Kind, Subject, reads
from lambent.wire.service import load

RENAMED = {"ipv6enabled": "IsIPV6Enabled", "origincustomheaders": "CustomHeaders", "locations": "Items"}
"""What a template calls otherwise than the operation does."""

WHERE_NOTHING_IS_SAID: Mapping[str, Mapping[str, Any]] = {
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443},
    "ForwardedValues": {"Cookies": {"Forward": "none"}},
}
"""What the operation wants said and a template may leave out, by the name of the shape."""


def counted(shape: Shape, said: Any) -> Any:
    """A template's configuration as the operation has it: each list with its length beside it."""
    if shape.type_name == "list":
        return [counted(shape.member, one) for one in said] if isinstance(said, list) else said
    if shape.type_name != "structure":
        return said
    members = {name.lower(): name for name in shape.members}
    if isinstance(said, list):
        items = [counted(shape.members["Items"].member, one) for one in said]
        found: dict[str, Any] = {"Quantity": len(items), "Items": items}
        return {"Enabled": bool(items), **found} if "Enabled" in shape.members else found
    if not isinstance(said, Mapping):
        return said
    found = dict(WHERE_NOTHING_IS_SAID.get(shape.name, {}))
    for name, value in said.items():
        known = members.get(str(RENAMED.get(name.lower(), name)).lower())
        if known is not None and value is not None:
            found[known] = counted(shape.members[known], value)
    if {"Quantity", "Items"} <= set(shape.members):
        found["Quantity"] = len(found.get("Items") or ())
    return _methods(found, said) if shape.name in ("DefaultCacheBehavior", "CacheBehavior") else found


def _methods(found: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Which methods are cached stands within which are allowed."""
    cached = said.get("CachedMethods")
    if cached is not None:
        allowed = found.setdefault("AllowedMethods", {"Quantity": len(cached), "Items": list(cached)})
        allowed["CachedMethods"] = {"Quantity": len(cached), "Items": list(cached)}
    return found


@reads("DistributionConfig")
def _distribution(subject: Subject) -> dict[str, Any]:
    shape = load("cloudfront").operation("CreateDistribution").input_shape.members["DistributionConfig"]
    found: dict[str, Any] = counted(shape, subject.properties.get("DistributionConfig") or {})
    for origin in (found.get("Origins") or {}).get("Items") or ():
        if "S3OriginConfig" in origin:
            origin["S3OriginConfig"].setdefault("OriginAccessIdentity", "")
    reference = f"{subject.owner.name}-{subject.logical_id}-{subject.name}"
    return {"Comment": "", "CallerReference": reference, **found}


_ID = {"Id": "$id"}
_ARN = "arn:aws:cloudfront::{account}:distribution/{id}"
_TAG = Do("cloudfront:TagResource", {"Resource": _ARN, "Tags": {"Items": "$Tags"}})
_CONFIG = ("DistributionConfig",)
_OAC = ("OriginAccessControlConfig",)


def _kept(*takes: str, prefix: str = "", name: str = "", **attributes: str) -> Kind:
    """A type that its stack keeps, and nothing else."""
    return Kind(takes=takes, id=prefix + "{name}", name=name, attributes=attributes)


def _parts(at: int) -> Any:
    """A part of what a type of WAF's is called physically: name, id, scope."""
    return lambda subject: subject.id.split("|")[at]


def _acl_arn(subject: Subject) -> Any:
    return subject.attributes.get("Arn")


def _waf(thing: str, key: str, *more: str) -> Kind:
    """A type of WAF's: what changes it says which state it has seen."""
    named = {"Name": _parts(0), "Id": _parts(1), "Scope": _parts(2)}
    seen = Do(f"wafv2:Get{thing}", named)

    @reads(*more)
    def called(subject: Subject) -> str:
        made = subject.answers["Summary"]
        return f"{made['Name']}|{made['Id']}|{subject.properties['Scope']}"

    return Kind(
        create=(Do(f"wafv2:Create{thing}", {"Name": "$name"}, fit=True),),
        update=(
            Do(seen.call, seen.params, on=(key, *more)),
            Do(f"wafv2:Update{thing}", {**named, "LockToken": "@LockToken"}, fit=True, on=(key, *more)),
        ),
        delete=(seen, Do(f"wafv2:Delete{thing}", {**named, "LockToken": "@LockToken"})),
        name="Name",
        length=128,
        id=called,
        attributes={"Arn": "@Summary.ARN", "Id": "@Summary.Id"},
        tags="Tags",
        tag=Do("wafv2:TagResource", {"ResourceARN": _acl_arn, "Tags": "$Tags"}),
        untag=Do("wafv2:UntagResource", {"ResourceARN": _acl_arn, "TagKeys": "@removed"}),
    )


_STORE = "arn:aws:cloudfront::{account}:key-value-store/{id}"

KINDS = {
    "AWS::CloudFront::Distribution": Kind(
        create=(
            Do("cloudfront:CreateDistribution", {"DistributionConfig": _distribution}),
            Do(_TAG.call, _TAG.params, on=("Tags",)),
        ),
        update=(
            Do("cloudfront:GetDistributionConfig", _ID, on=_CONFIG),
            Do(
                "cloudfront:UpdateDistribution",
                {**_ID, "IfMatch": "@ETag", "DistributionConfig": _distribution},
                on=_CONFIG,
            ),
        ),
        delete=(
            Do("cloudfront:GetDistributionConfig", _ID),
            Do("cloudfront:DeleteDistribution", {**_ID, "IfMatch": "@ETag"}),
        ),
        id="@Distribution.Id",
        attributes={"Id": "{id}", "DomainName": "@Distribution.DomainName"},
        tags="Tags",
        tag=_TAG,
        untag=Do("cloudfront:UntagResource", {"Resource": _ARN, "TagKeys": {"Items": "@removed"}}),
    ),
    "AWS::CloudFront::OriginAccessControl": Kind(
        create=(
            Do(
                "cloudfront:CreateOriginAccessControl",
                {"OriginAccessControlConfig": "$OriginAccessControlConfig"},
            ),
        ),
        update=(
            Do("cloudfront:GetOriginAccessControl", _ID, on=_OAC),
            Do(
                "cloudfront:UpdateOriginAccessControl",
                {**_ID, "IfMatch": "@ETag", "OriginAccessControlConfig": "$OriginAccessControlConfig"},
                on=_OAC,
            ),
        ),
        delete=(
            Do("cloudfront:GetOriginAccessControl", _ID),
            Do("cloudfront:DeleteOriginAccessControl", {**_ID, "IfMatch": "@ETag"}),
        ),
        id="@OriginAccessControl.Id",
        attributes={"Id": "{id}"},
    ),
    "AWS::CloudFront::CachePolicy": _kept("CachePolicyConfig", Id="{id}"),
    "AWS::CloudFront::OriginRequestPolicy": _kept("OriginRequestPolicyConfig", Id="{id}"),
    "AWS::CloudFront::ResponseHeadersPolicy": _kept("ResponseHeadersPolicyConfig", Id="{id}"),
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": _kept(
        "CloudFrontOriginAccessIdentityConfig", Id="{id}", S3CanonicalUserId="{id}"
    ),
    "AWS::CloudFront::PublicKey": _kept("PublicKeyConfig", Id="{id}"),
    "AWS::CloudFront::KeyGroup": _kept("KeyGroupConfig", Id="{id}"),
    "AWS::CloudFront::KeyValueStore": _kept(
        "Comment", "ImportSource", "Tags", name="Name", Id="{id}", Arn=_STORE, Status="READY"
    ),
    "AWS::CloudFront::Function": _kept(
        *("AutoPublish", "FunctionCode", "FunctionConfig", "FunctionMetadata", "Tags"),
        name="Name",
        prefix="arn:aws:cloudfront::{account}:function/",
        FunctionARN="{id}",
        Stage="LIVE",
    ),
    "AWS::WAFv2::WebACL": _waf(
        "WebACL",
        "Rules",
        *("DefaultAction", "Description", "VisibilityConfig", "AssociationConfig", "CaptchaConfig"),
        *("ChallengeConfig", "CustomResponseBodies", "TokenDomains"),
    ),
    "AWS::WAFv2::IPSet": _waf("IPSet", "Addresses", "Description"),
    "AWS::WAFv2::RegexPatternSet": _waf("RegexPatternSet", "RegularExpressionList", "Description"),
    "AWS::WAFv2::WebACLAssociation": Kind(
        create=(Do("wafv2:AssociateWebACL", fit=True),),
        delete=(Do("wafv2:DisassociateWebACL", {"ResourceArn": "$ResourceArn"}),),
        id="{ResourceArn}|{WebACLArn}",
    ),
}
