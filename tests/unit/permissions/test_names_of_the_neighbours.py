"""What requests to services that the neighbour answers are about: names among their parameters, as their ARNs have
them (the service authorisation reference)."""

from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.permissions.requests import rights

SCOPE = Scope("123456789012", "eu-west-1")
HERE = "eu-west-1:123456789012"
CLAUDE = "anthropic.claude-v2"
PROFILE = f"arn:aws:bedrock:{HERE}:inference-profile/eu.{CLAUDE}"
BEDROCK = f"arn:aws:bedrock:eu-west-1::foundation-model/{CLAUDE}"
ROWS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("athena", "StartQueryExecution", {"QueryString": "q", "WorkGroup": "w"}, "StartQueryExecution",
     f"arn:aws:athena:{HERE}:workgroup/w"),
    ("athena", "StartQueryExecution", {"QueryString": "q"}, "StartQueryExecution",
     f"arn:aws:athena:{HERE}:workgroup/primary"),
    ("athena", "GetWorkGroup", {"WorkGroup": "w"}, "GetWorkGroup", f"arn:aws:athena:{HERE}:workgroup/w"),
    ("athena", "GetDatabase", {"CatalogName": "c", "DatabaseName": "d"}, "GetDatabase",
     f"arn:aws:athena:{HERE}:datacatalog/c"),
    ("ssm", "GetMaintenanceWindow", {"WindowId": "mw-1"}, "GetMaintenanceWindow",
     f"arn:aws:ssm:{HERE}:maintenancewindow/mw-1"),
    ("ssm", "GetPatchBaseline", {"BaselineId": "pb-1"}, "GetPatchBaseline", f"arn:aws:ssm:{HERE}:patchbaseline/pb-1"),
    ("glue", "GetSchema", {"SchemaId": {"SchemaName": "s", "RegistryName": "r"}}, "GetSchema",
     f"arn:aws:glue:{HERE}:schema/r/s"),
    ("glue", "GetSchema", {"SchemaId": {"SchemaArn": f"arn:aws:glue:{HERE}:schema/r/s"}}, "GetSchema",
     f"arn:aws:glue:{HERE}:schema/r/s"),
    ("glue", "GetRegistry", {"RegistryId": {"RegistryName": "r"}}, "GetRegistry", f"arn:aws:glue:{HERE}:registry/r"),
    ("sesv2", "GetExportJob", {"JobId": "j"}, "GetExportJob", f"arn:aws:ses:{HERE}:export-job/j"),
    ("iam", "GetInstanceProfile", {"InstanceProfileName": "p"}, "GetInstanceProfile",
     "arn:aws:iam::123456789012:instance-profile/p"),
    ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "lex.amazonaws.com"}, "CreateServiceLinkedRole",
     "arn:aws:iam::123456789012:role/aws-service-role/lex.amazonaws.com/AWSServiceRoleFor*"),
    ("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "d"}, "DescribeDBInstances", f"arn:aws:rds:{HERE}:db:d"),
    ("rds", "DeleteDBCluster", {"DBClusterIdentifier": "c"}, "DeleteDBCluster", f"arn:aws:rds:{HERE}:cluster:c"),
    ("route53", "ChangeResourceRecordSets", {"HostedZoneId": "/hostedzone/Z1"}, "ChangeResourceRecordSets",
     "arn:aws:route53:::hostedzone/Z1"),
    ("cloudtrail", "StartLogging", {"Name": "t"}, "StartLogging", f"arn:aws:cloudtrail:{HERE}:trail/t"),
    ("bedrock-runtime", "InvokeModel", {"modelId": CLAUDE}, "InvokeModel", BEDROCK),
    ("bedrock-runtime", "Converse", {"modelId": CLAUDE}, "InvokeModel", BEDROCK),
    ("bedrock-runtime", "ConverseStream", {"modelId": f"eu.{CLAUDE}"}, "InvokeModelWithResponseStream", PROFILE),
    ("bedrock-runtime", "Converse", {"modelId": PROFILE}, "InvokeModel", PROFILE),
    ("pinpoint", "PhoneNumberValidate", {"NumberValidateRequest": {}}, "PhoneNumberValidate",
     f"arn:aws:mobiletargeting:{HERE}:phone/number/validate"),
    ("comprehend", "DetectSentiment", {"Text": "t", "LanguageCode": "en"}, "DetectSentiment", "*"),
    ("sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "e"}, "InvokeEndpoint",
     f"arn:aws:sagemaker:{HERE}:endpoint/e"),
    ("batch", "DescribeJobQueues", {}, "DescribeJobQueues", "*"),
    ("codebuild", "StartBuild", {"projectName": "p"}, "StartBuild", f"arn:aws:codebuild:{HERE}:project/p"),
    ("s3", "GetBucketLifecycle", {"Bucket": "b"}, "GetLifecycleConfiguration", "arn:aws:s3:::b"),
]  # fmt: skip
PREFIXES = {
    "bedrock-runtime": "bedrock", "sesv2": "ses", "pinpoint": "mobiletargeting", "sagemaker-runtime": "sagemaker",
}  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "action", "arn"), ROWS)
def test_what_a_request_is_about(service: str, operation: str, params: dict[str, Any], action: str, arn: str) -> None:
    prefix = PREFIXES.get(service, service)
    found = [f"{one.action} {one.resource}" for one in rights(prefix, service, operation, params, SCOPE)]
    assert found[0] == f"{prefix}:{action} {arn}"
    assert all(one.endswith(arn) or service == "glue" or "cluster-snapshot" in one for one in found)
