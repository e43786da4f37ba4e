"""Groups, sampling rules and resource policies of X-Ray."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, put, reads


@reads("SamplingRule")
def _update(subject: Subject) -> dict[str, Any]:
    """What UpdateSamplingRule takes: all but what can't be changed."""
    rule = subject.properties.get("SamplingRule") or {}
    kept = {name: value for name, value in rule.items() if name not in ("RuleName", "RuleARN", "Version")}
    return {**kept, "RuleARN": subject.id}


_TAG = Do("xray:TagResource", {"ResourceARN": "$id", "Tags": "$Tags"})
_UNTAG = Do("xray:UntagResource", {"ResourceARN": "$id", "TagKeys": "@removed"})
KINDS = {
    "AWS::XRay::Group": Kind(
        create=(Do("xray:CreateGroup", fit=True),),
        update=(Do("xray:UpdateGroup", {"GroupARN": "$id"}, fit=True, without=("GroupName",)),),
        delete=(Do("xray:DeleteGroup", {"GroupARN": "$id"}),),
        id="@Group.GroupARN",
        attributes={"GroupARN": "{id}"},
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
        replace=("GroupName",),
    ),
    "AWS::XRay::SamplingRule": Kind(
        create=(Do("xray:CreateSamplingRule", {"SamplingRule": "$SamplingRule"}, fit=True),),
        update=(Do("xray:UpdateSamplingRule", {"SamplingRuleUpdate": _update}),),
        delete=(Do("xray:DeleteSamplingRule", {"RuleARN": "$id"}),),
        id="@SamplingRuleRecord.SamplingRule.RuleARN",
        attributes={"RuleARN": "{id}"},
        tags="Tags",
        tag=_TAG,
        untag=_UNTAG,
    ),
    "AWS::XRay::ResourcePolicy": put(
        Do("xray:PutResourcePolicy", {"PolicyName": "$PolicyName"}, fit=True),
        name="PolicyName",
        length=128,
        delete=(Do("xray:DeleteResourcePolicy", {"PolicyName": "$PolicyName"}),),
    ),
}
