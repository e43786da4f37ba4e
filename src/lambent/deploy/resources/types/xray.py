"""Sampling rules and resource policies of X-Ray."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, put, reads


@reads("SamplingRule")
def _update(subject: Subject) -> dict[str, Any]:
    """What UpdateSamplingRule takes: all but what can't be changed."""
    rule = subject.properties.get("SamplingRule") or {}
    kept = {name: value for name, value in rule.items() if name not in ("RuleName", "RuleARN", "Version")}
    return {**kept, "RuleARN": subject.id}


KINDS = {
    "AWS::XRay::SamplingRule": Kind(
        create=(Do("xray:CreateSamplingRule", {"SamplingRule": "$SamplingRule", "Tags": "$Tags"}),),
        update=(Do("xray:UpdateSamplingRule", {"SamplingRuleUpdate": _update}),),
        delete=(Do("xray:DeleteSamplingRule", {"RuleARN": "$id"}),),
        id="@SamplingRuleRecord.SamplingRule.RuleARN",
        attributes={"RuleARN": "{id}"},
    ),
    "AWS::XRay::ResourcePolicy": put(
        Do("xray:PutResourcePolicy", {"PolicyName": "$PolicyName"}, fit=True),
        name="PolicyName",
        length=128,
        delete=(Do("xray:DeleteResourcePolicy", {"PolicyName": "$PolicyName"}),),
    ),
}
