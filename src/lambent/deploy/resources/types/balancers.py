"""Load balancers: listeners, their rules, and target groups of functions."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, Until, added, reads, removed

_BALANCER = {"LoadBalancerArn": "$id"}
_GROUP = {"TargetGroupArn": "$id"}


def _full_name(subject: Subject) -> str:
    """What follows the type in an ARN: `app/NAME/ID`, `targetgroup/NAME/ID`."""
    said = subject.id.rpartition(":")[2]
    return said.removeprefix("loadbalancer/")


def _attributes(call: str, who: dict[str, Any], name: str) -> Do:
    return Do(f"elbv2:{call}", {**who, "Attributes": f"${name}"}, on=(name,))


_BALANCER_ATTRIBUTES = _attributes("ModifyLoadBalancerAttributes", _BALANCER, "LoadBalancerAttributes")
_GROUP_ATTRIBUTES = _attributes("ModifyTargetGroupAttributes", _GROUP, "TargetGroupAttributes")
_TAG = Do("elbv2:AddTags", {"ResourceArns": ["$id"], "Tags": "$Tags"})
_UNTAG = Do("elbv2:RemoveTags", {"ResourceArns": ["$id"], "TagKeys": "@removed"})


@reads("Targets")
def _all_targets(subject: Subject) -> list[list[Any]]:
    found = subject.properties.get("Targets")
    return [found] if found else []


def _each(which: Any) -> Any:
    """The targets that come or go, as one call's."""
    return reads("Targets")(lambda subject: [found] if (found := which(subject)) else [])


KINDS = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind(
        name="Name",
        length=32,
        create=(Do("elbv2:CreateLoadBalancer", {"Name": "$name"}, fit=True), _BALANCER_ATTRIBUTES),
        update=(
            Do("elbv2:SetSecurityGroups", {**_BALANCER, "SecurityGroups": "$SecurityGroups"}, on=("SecurityGroups",)),
            Do("elbv2:SetSubnets", {**_BALANCER, "Subnets": "$Subnets"}, on=("Subnets",)),
            Do("elbv2:SetIpAddressType", {**_BALANCER, "IpAddressType": "$IpAddressType"}, on=("IpAddressType",)),
            _BALANCER_ATTRIBUTES,
        ),
        delete=(Do("elbv2:DeleteLoadBalancer", _BALANCER),),
        ready=Until(
            Do("elbv2:DescribeLoadBalancers", {"LoadBalancerArns": ["$id"]}), "LoadBalancers[0].State.Code", ("active",)
        ),
        id="@LoadBalancers[0].LoadBalancerArn",
        attributes={
            "LoadBalancerArn": "{id}",
            "LoadBalancerName": "{name}",
            "LoadBalancerFullName": _full_name,
            "DNSName": "@LoadBalancers[0].DNSName",
            "CanonicalHostedZoneID": "@LoadBalancers[0].CanonicalHostedZoneId",
            "SecurityGroups": "@LoadBalancers[0].SecurityGroups",
        },
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
    ),
    "AWS::ElasticLoadBalancingV2::Listener": Kind(
        create=(Do("elbv2:CreateListener", fit=True),),
        update=(Do("elbv2:ModifyListener", {"ListenerArn": "$id"}, fit=True),),
        delete=(Do("elbv2:DeleteListener", {"ListenerArn": "$id"}),),
        id="@Listeners[0].ListenerArn",
        attributes={"ListenerArn": "{id}"},
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
    ),
    "AWS::ElasticLoadBalancingV2::ListenerRule": Kind(
        create=(Do("elbv2:CreateRule", fit=True),),
        update=(
            Do(
                "elbv2:ModifyRule",
                {"RuleArn": "$id", "Conditions": "$Conditions", "Actions": "$Actions"},
                on=("Conditions", "Actions"),
            ),
            Do(
                "elbv2:SetRulePriorities",
                {"RulePriorities": [{"RuleArn": "$id", "Priority": "$Priority"}]},
                on=("Priority",),
            ),
        ),
        delete=(Do("elbv2:DeleteRule", {"RuleArn": "$id"}),),
        id="@Rules[0].RuleArn",
        attributes={"RuleArn": "{id}", "IsDefault": "false"},
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Kind(
        name="Name",
        length=32,
        create=(
            Do("elbv2:CreateTargetGroup", {"Name": "$name"}, fit=True),
            Do("elbv2:RegisterTargets", {**_GROUP, "Targets": "@item"}, each=_all_targets),
            _GROUP_ATTRIBUTES,
        ),
        update=(
            Do("elbv2:ModifyTargetGroup", _GROUP, fit=True),
            Do("elbv2:DeregisterTargets", {**_GROUP, "Targets": "@item"}, each=_each(removed("Targets"))),
            Do("elbv2:RegisterTargets", {**_GROUP, "Targets": "@item"}, each=_each(added("Targets"))),
            _GROUP_ATTRIBUTES,
        ),
        delete=(Do("elbv2:DeleteTargetGroup", _GROUP),),
        id="@TargetGroups[0].TargetGroupArn",
        attributes={
            "TargetGroupArn": "{id}",
            "TargetGroupName": "{name}",
            "TargetGroupFullName": _full_name,
            "LoadBalancerArns": "@TargetGroups[0].LoadBalancerArns",
        },
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
    ),
}
