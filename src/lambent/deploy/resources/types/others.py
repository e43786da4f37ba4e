"""Networks, repositories of images, and types that nothing is done for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, added, reads, removed

_TAG = Do("ec2:CreateTags", {"Resources": ["$id"], "Tags": "$Tags"})


def _tagged(*before: Do) -> tuple[Do, ...]:
    return (*before, Do(_TAG.call, _TAG.params, on=("Tags",)))


def _ec2(
    verb: str,
    id_path: str,
    delete: str,
    key: str,
    *more: Do,
    update: tuple[Do, ...] = (),
    empty: Mapping[str, Any] = MappingProxyType({}),
    replace: tuple[str, ...] = (),
    **attributes: Any,
) -> Kind:
    """A resource of EC2: made without its tags, which are given after."""
    return Kind(
        create=_tagged(Do(f"ec2:{verb}", fit=True, without=("Tags",)), *more),
        update=update,
        empty=empty,
        replace=replace,
        delete=(Do(f"ec2:{delete}", {key: "$id"}),),
        id=f"@{id_path}",
        attributes=attributes,
        tags="Tags",
        tag=_TAG,
    )


def _vpc_switch(name: str) -> Do:
    return Do("ec2:ModifyVpcAttribute", {"VpcId": "$id", name: {"Value": f"${name}"}}, on=(name,))


def _of_vpc(what: str, which: dict[str, Any]) -> Do:
    """What a network has of its own."""
    return Do(f"ec2:Describe{what}", {"Filters": [{"Name": "vpc-id", "Values": ["$id"]}, which]})


_PUBLIC = Do(
    "ec2:ModifySubnetAttribute",
    {"SubnetId": "$id", "MapPublicIpOnLaunch": {"Value": "$MapPublicIpOnLaunch"}},
    on=("MapPublicIpOnLaunch",),
)


def _dns_entries(subject: Subject) -> list[str] | None:
    """Each as "zone:name", as Fn::GetAtt gives it; in an update what is known already stays."""
    if "VpcEndpoint" not in subject.answers:
        return None
    said = subject.answers["VpcEndpoint"].get("DnsEntries") or []
    return [f"{one['HostedZoneId']}:{one['DnsName']}" for one in said]


def _permissions(name: str) -> Any:
    """Rules of a group as permissions."""

    @reads(name)
    def found(subject: Subject) -> list[dict[str, Any]]:
        return [_permission(one) for one in added(name)(subject)]

    return found


def _permission(one: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"IpProtocol": str(one.get("IpProtocol", "-1"))}
    said |= {name: int(one[name]) for name in ("FromPort", "ToPort") if name in one}
    described = {"Description": one["Description"]} if "Description" in one else {}
    if "CidrIp" in one:
        said["IpRanges"] = [{"CidrIp": one["CidrIp"], **described}]
    if "CidrIpv6" in one:
        said["Ipv6Ranges"] = [{"CidrIpv6": one["CidrIpv6"], **described}]
    prefix = one.get("SourcePrefixListId") or one.get("DestinationPrefixListId")
    if prefix:
        said["PrefixListIds"] = [{"PrefixListId": prefix, **described}]
    group = {
        "GroupId": one.get("SourceSecurityGroupId") or one.get("DestinationSecurityGroupId"),
        "GroupName": one.get("SourceSecurityGroupName"),
        "UserId": one.get("SourceSecurityGroupOwnerId"),
    }
    if any(group.values()):
        said["UserIdGroupPairs"] = [{name: value for name, value in group.items() if value} | described]
    return said


def _rules(verb: str, name: str, which: Any) -> Do:
    return Do(f"ec2:{verb}", {"GroupId": "$id", "IpPermissions": ["@item"]}, each=which, fine=("Duplicate", "NotFound"))


def _gone(name: str) -> Any:
    return lambda subject: [_permission(one) for one in removed(name)(subject)]


_IN, _OUT = "SecurityGroupIngress", "SecurityGroupEgress"
_GROUP_RULES = (
    _rules("RevokeSecurityGroupIngress", _IN, _gone(_IN)),
    _rules("AuthorizeSecurityGroupIngress", _IN, _permissions(_IN)),
    _rules("RevokeSecurityGroupEgress", _OUT, _gone(_OUT)),
    _rules("AuthorizeSecurityGroupEgress", _OUT, _permissions(_OUT)),
)


def _own_rule(direction: str, verb: str) -> Do:
    def item(subject: Subject) -> list[dict[str, Any]]:
        return [_permission(dict(subject.properties))]

    names = ("IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "SourceSecurityGroupId", "Description",
             "DestinationSecurityGroupId", "SourcePrefixListId", "DestinationPrefixListId", "SourceSecurityGroupName",
             "SourceSecurityGroupOwnerId")  # fmt: skip
    return Do(
        f"ec2:{verb}SecurityGroup{direction}",
        {"GroupId": "$GroupId", "IpPermissions": ["@item"]},
        each=reads(*names)(item),
    )


def _rule_of(direction: str) -> Kind:
    return Kind(create=(_own_rule(direction, "Authorize"),), delete=(_own_rule(direction, "Revoke"),))


_ATTACH: dict[str, Any] = {"InternetGatewayId": "$InternetGatewayId", "VpcId": "$VpcId"}

_REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/{name}"


@reads("ImageTagMutabilityExclusionFilters")
def _exclusions(subject: Subject) -> list[dict[str, Any]] | None:
    """The filters, whose members the API names shorter."""
    start = "ImageTagMutabilityExclusionFilter"
    names = {f"{start}Type": "filterType", f"{start}Value": "filter"}
    said = subject.properties.get(f"{start}s") or []
    return [{names.get(name, name): value for name, value in one.items()} for one in said] or None


_REPOSITORY_POLICIES = (
    Do(
        "ecr:SetRepositoryPolicy",
        {"repositoryName": "$name", "policyText": "$RepositoryPolicyText"},
        on=("RepositoryPolicyText",),
        gone=Do("ecr:DeleteRepositoryPolicy", {"repositoryName": "$name"}, fine=("PolicyNotFound",)),
    ),
    Do(
        "ecr:PutLifecyclePolicy",
        {"repositoryName": "$name", "lifecyclePolicyText": "$LifecyclePolicy.LifecyclePolicyText"},
        on=("LifecyclePolicy",),
        gone=Do("ecr:DeleteLifecyclePolicy", {"repositoryName": "$name"}, fine=("PolicyNotFound",)),
    ),
)

KINDS = {
    "AWS::CDK::Metadata": Kind(takes=("Analytics", "Modules")),
    "AWS::ApplicationInsights::Application": Kind(
        takes=(
            *("ResourceGroupName", "AttachMissingPermission", "AutoConfigurationEnabled", "CWEMonitorEnabled"),
            *("ComponentMonitoringSettings", "CustomComponents", "GroupingType", "LogPatternSets", "OpsCenterEnabled"),
            *("OpsItemSNSTopicArn", "SNSNotificationArn", "Tags"),
        ),
        id="arn:aws:applicationinsights:{region}:{account}:application/resource-group/{ResourceGroupName}",
        attributes={"ApplicationARN": "{id}"},
    ),
    "AWS::CloudFormation::Macro": Kind(
        takes=("Name", "FunctionName", "Description", "LogGroupName", "LogRoleARN"), id="{Name}"
    ),
    "AWS::Signer::SigningProfile": Kind(
        name="ProfileName",
        create=(Do("signer:PutSigningProfile", {"profileName": "$name"}, fit=True),),
        delete=(Do("signer:CancelSigningProfile", {"profileName": "$name"}),),
        id="@arn",
        attributes={
            "Arn": "{id}",
            "ProfileName": "{name}",
            "ProfileVersion": "@profileVersion",
            "ProfileVersionArn": "@profileVersionArn",
        },
        tags="Tags",
        tag=Do("signer:TagResource", {"resourceArn": "$id", "tags": "$Tags"}),
        untag=Do("signer:UntagResource", {"resourceArn": "$id", "tagKeys": "@removed"}),
    ),
    "AWS::EC2::VPC": _ec2(
        "CreateVpc",
        "Vpc.VpcId",
        "DeleteVpc",
        "VpcId",
        _vpc_switch("EnableDnsSupport"),
        _vpc_switch("EnableDnsHostnames"),
        _of_vpc("SecurityGroups", {"Name": "group-name", "Values": ["default"]}),
        _of_vpc("NetworkAcls", {"Name": "default", "Values": ["true"]}),
        update=(_vpc_switch("EnableDnsSupport"), _vpc_switch("EnableDnsHostnames")),
        empty={"EnableDnsSupport": True, "EnableDnsHostnames": False},
        replace=("InstanceTenancy",),
        VpcId="{id}",
        CidrBlock="@Vpc.CidrBlock",
        CidrBlockAssociations="@Vpc.CidrBlockAssociationSet[].AssociationId",
        Ipv6CidrBlocks="@Vpc.Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock",
        DefaultSecurityGroup="@SecurityGroups[0].GroupId",
        DefaultNetworkAcl="@NetworkAcls[0].NetworkAclId",
    ),
    "AWS::EC2::Subnet": _ec2(
        "CreateSubnet",
        "Subnet.SubnetId",
        "DeleteSubnet",
        "SubnetId",
        _PUBLIC,
        update=(_PUBLIC,),
        empty={"MapPublicIpOnLaunch": False},
        SubnetId="{id}",
        VpcId="{VpcId}",
        AvailabilityZone="@Subnet.AvailabilityZone",
        CidrBlock="{CidrBlock}",
    ),
    "AWS::EC2::InternetGateway": _ec2(
        "CreateInternetGateway",
        "InternetGateway.InternetGatewayId",
        "DeleteInternetGateway",
        "InternetGatewayId",
        InternetGatewayId="{id}",
    ),
    "AWS::EC2::VPCGatewayAttachment": Kind(
        create=(Do("ec2:AttachInternetGateway", _ATTACH),),
        delete=(Do("ec2:DetachInternetGateway", _ATTACH),),
        id="{InternetGatewayId}|{VpcId}",
        attributes={"AttachmentType": "IGW"},
    ),
    "AWS::EC2::RouteTable": _ec2(
        "CreateRouteTable", "RouteTable.RouteTableId", "DeleteRouteTable", "RouteTableId", RouteTableId="{id}"
    ),
    "AWS::EC2::Route": Kind(
        create=(Do("ec2:CreateRoute", fit=True),),
        update=(Do("ec2:ReplaceRoute", fit=True),),
        delete=(
            Do(
                "ec2:DeleteRoute",
                {
                    "RouteTableId": "$RouteTableId",
                    "DestinationCidrBlock": "$DestinationCidrBlock",
                    "DestinationIpv6CidrBlock": "$DestinationIpv6CidrBlock",
                },
            ),
        ),
        id="{RouteTableId}|{name}",
    ),
    "AWS::EC2::SubnetRouteTableAssociation": Kind(
        create=(Do("ec2:AssociateRouteTable", fit=True),),
        delete=(Do("ec2:DisassociateRouteTable", {"AssociationId": "$id"}),),
        id="@AssociationId",
        attributes={"Id": "{id}"},
    ),
    "AWS::EC2::EIP": Kind(
        create=(Do("ec2:AllocateAddress", {"Domain": "$Domain"}), Do(_TAG.call, _TAG.params, on=("Tags",))),
        delete=(Do("ec2:ReleaseAddress", {"AllocationId": "@AllocationId"}),),
        id="@AllocationId",
        ref="@PublicIp",
        attributes={"AllocationId": "@AllocationId", "PublicIp": "@PublicIp"},
        tags="Tags",
        tag=_TAG,
    ),
    "AWS::EC2::NatGateway": Kind(
        create=_tagged(Do("ec2:CreateNatGateway", fit=True, without=("Tags",))),
        delete=(Do("ec2:DeleteNatGateway", {"NatGatewayId": "$id"}),),
        id="@NatGateway.NatGatewayId",
        attributes={"NatGatewayId": "{id}"},
        tags="Tags",
        tag=_TAG,
    ),
    "AWS::EC2::VPCEndpoint": Kind(
        create=_tagged(Do("ec2:CreateVpcEndpoint", fit=True)),
        defaults={"VpcEndpointType": "Gateway"},  # AWS's; moto can't delete an endpoint that has none
        delete=(Do("ec2:DeleteVpcEndpoints", {"VpcEndpointIds": ["$id"]}),),
        id="@VpcEndpoint.VpcEndpointId",
        attributes={
            "Id": "{id}",
            "DnsEntries": _dns_entries,
            "NetworkInterfaceIds": "@VpcEndpoint.NetworkInterfaceIds",
        },
        tags="Tags",
        tag=_TAG,
    ),
    "AWS::EC2::SecurityGroup": Kind(
        name="GroupName",
        length=255,
        create=_tagged(
            Do(
                "ec2:CreateSecurityGroup", {"GroupName": "$name", "Description": "$GroupDescription", "VpcId": "$VpcId"}
            ),
            *_GROUP_RULES,
        ),
        update=_GROUP_RULES,
        delete=(Do("ec2:DeleteSecurityGroup", {"GroupId": "$id"}),),
        id="@GroupId",
        attributes={"GroupId": "{id}", "VpcId": "{VpcId}", "Id": "{id}"},
        tags="Tags",
        tag=_TAG,
    ),
    "AWS::EC2::SecurityGroupIngress": _rule_of("Ingress"),
    "AWS::EC2::SecurityGroupEgress": _rule_of("Egress"),
    "AWS::ECR::Repository": Kind(
        name="RepositoryName",
        length=256,
        lower=True,
        create=(
            Do(
                "ecr:CreateRepository",
                {"repositoryName": "$name", "imageTagMutabilityExclusionFilters": _exclusions},
                fit=True,
            ),
            *_REPOSITORY_POLICIES,
        ),
        update=(
            *_REPOSITORY_POLICIES,
            Do(
                "ecr:PutImageTagMutability",
                {
                    "repositoryName": "$name",
                    "imageTagMutability": "$ImageTagMutability",
                    "imageTagMutabilityExclusionFilters": _exclusions,
                },
                on=("ImageTagMutability", "ImageTagMutabilityExclusionFilters"),
            ),
            Do(
                "ecr:PutImageScanningConfiguration",
                {"repositoryName": "$name", "imageScanningConfiguration": "$ImageScanningConfiguration"},
                on=("ImageScanningConfiguration",),
            ),
        ),
        empty={"ImageTagMutability": "MUTABLE", "ImageScanningConfiguration": {"ScanOnPush": False}},
        quiet=("EmptyOnDelete", "ImageTagMutabilityExclusionFilters"),
        read=Do("ecr:DescribeRepositories", {"repositoryNames": ["$name"]}),
        delete=(Do("ecr:DeleteRepository", {"repositoryName": "$name", "force": "$EmptyOnDelete"}),),
        attributes={
            "Arn": _REPOSITORY,
            "RepositoryUri": "@repositories[0].repositoryUri",
        },
        tags="Tags",
        tag=Do("ecr:TagResource", {"resourceArn": _REPOSITORY, "tags": "$Tags"}),
        untag=Do("ecr:UntagResource", {"resourceArn": _REPOSITORY, "tagKeys": "@removed"}),
    ),
}
