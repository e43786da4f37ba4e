"""CodeDeploy: applications, deployment groups and configurations. What an alias does with them is `shifting.py`."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind

_GROUP = {"applicationName": "$ApplicationName", "deploymentGroupName": "$name"}
_SETTINGS = (
    "DeploymentConfigName", "ServiceRoleArn", "TriggerConfigurations", "AlarmConfiguration",
    "AutoRollbackConfiguration", "DeploymentStyle",
)  # fmt: skip
_ARN = "arn:aws:codedeploy:{region}:{account}:"


def _tagged(arn: str) -> dict[str, Any]:
    return {
        "tag": Do("codedeploy:TagResource", {"ResourceArn": _ARN + arn, "Tags": "$Tags"}),
        "untag": Do("codedeploy:UntagResource", {"ResourceArn": _ARN + arn, "TagKeys": "@removed"}),
    }


KINDS = {
    "AWS::CodeDeploy::Application": Kind(
        create=(Do("codedeploy:CreateApplication", {"applicationName": "$name"}, fit=True),),
        delete=(Do("codedeploy:DeleteApplication", {"applicationName": "$id"}),),
        name="ApplicationName",
        length=100,
        tags="Tags",
        replace=("ApplicationName", "ComputePlatform"),
        **_tagged("application:{id}"),
    ),
    "AWS::CodeDeploy::DeploymentConfig": Kind(
        create=(Do("codedeploy:CreateDeploymentConfig", {"deploymentConfigName": "$name"}, fit=True),),
        delete=(Do("codedeploy:DeleteDeploymentConfig", {"deploymentConfigName": "$id"}),),
        name="DeploymentConfigName",
        length=100,
    ),
    "AWS::CodeDeploy::DeploymentGroup": Kind(
        create=(Do("codedeploy:CreateDeploymentGroup", _GROUP, fit=True),),
        update=(
            Do(
                "codedeploy:UpdateDeploymentGroup",
                {"applicationName": "$ApplicationName", "currentDeploymentGroupName": "$id"},
                fit=True,
                without=("DeploymentGroupName", "Tags"),
                on=_SETTINGS,
            ),
        ),
        delete=(
            Do(
                "codedeploy:DeleteDeploymentGroup",
                {"applicationName": "$ApplicationName", "deploymentGroupName": "$id"},
            ),
        ),
        empty={
            "AlarmConfiguration": {"Enabled": False},
            "AutoRollbackConfiguration": {"Enabled": False},
            "TriggerConfigurations": [],
        },
        name="DeploymentGroupName",
        length=100,
        tags="Tags",
        replace=("ApplicationName", "DeploymentGroupName"),
        **_tagged("deploymentgroup:{ApplicationName}/{id}"),
    ),
}
