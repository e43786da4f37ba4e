"""Parameters of requests as ARNs have them: names, partial ARNs, URLs and aliases become what a policy names.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (names, partial and whole ARNs of functions),
https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html (the state machine's ARN without its
qualifier), https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html (parameters),
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (rules of the default bus).
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from lambent.model import names, task_token
from lambent.model.scope import ACCOUNT
from lambent.permissions import reference

Params = Mapping[str, Any]
OWNER = "=owner"
"""Where `derived` puts the account that a parameter names."""
SUFFIX = "-??????"
"""What Secrets Manager adds to a secret's name: what is asked for a secret that is not there (yet) has none."""
_NAMED = frozenset(("Resource", "resource", "cluster", "service", "taskDefinition", "task", "WorkGroup"))
"""Parameters that may be ARNs although neither their names nor the table of variables tell."""
_KEY = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What moto's ciphertexts begin with: the id of their key."""
_STREAM = re.compile(r"arn:aws[a-z-]*:dynamodb:[^|]*?:table/([^|/]+)/stream/([^|/]+)")
_OF_TAGS = ("resourceArn", "resource")
_OF_OWNER = ("QueueOwnerAWSAccountId", "registryId", "RegistryId")


def partition_of(region: str) -> str:
    """The partition of AWS that a region is of."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if "-gov-" in region else "aws"


def sent(params: Params) -> dict[str, Any]:
    """What was sent; nothing of it can pass for what is derived."""
    return {name: value for name, value in params.items() if not name.startswith("=")}


def arns(variables: list[str], params: Params) -> Iterator[str]:
    """The parameters that may be the ARN of a resource with those variables: by their names, since what a message or a
    secret says is its sender's. Of a log group only its tags are asked by an ARN as it is."""
    known = [alias for one in variables for alias in (*reference.exceptions()["variables"].get(one, ()), one)]
    told = [name for name in params if name.lower().endswith("arn") or name in _NAMED]
    for name in (*known, *(f"{name[:1].lower()}{name[1:]}" for name in known), *told):
        value = params.get(name)
        if isinstance(value, str) and value.startswith("arn:") and (":log-group:" not in value or name in _OF_TAGS):
            yield _whole(value, params)


def _whole(arn: str, params: Params) -> str:
    qualifier = params.get("Qualifier")
    if qualifier and ":function:" in arn and arn.count(":") == 6:
        return f"{arn}:{qualifier}"
    if ":stateMachine:" in arn:
        return ":".join(arn.split(":")[:7])
    if ":parameter/" in arn:
        return ":".join(arn.split(":")[:6])  # without a version or label
    return arn


def plain(variable: str, value: str) -> str:
    """A parameter as an ARN has it."""
    match variable:
        case "QueueName":
            return _of_url(value)[-1]
        case "ParameterNameWithoutLeadingSlash":
            return value.removeprefix("/").partition(":")[0]
        case "SecretId":
            return value.partition(":secret:")[2] or f"{value}{SUFFIX}"
        case "Alias":
            return value.removeprefix("alias/")
        case "IdentityName":
            return parseaddr(value)[1] if "<" in value else value
        case "Id":
            return value.rpartition("/")[2]
        case "LogGroupName":
            return value.partition(":log-group:")[2].removesuffix(":*") or value
        case "TableName" | "StreamName" | "RepositoryName" | "EventBusName":
            return value.rpartition("/")[2] if value.startswith("arn:") else value
    return value


def derived(service: str, params: Params) -> dict[str, Any]:
    """Parameters that others hold in one text, and the account that one names."""
    found = _DERIVED.get(service, _nothing)(params)
    owner = next((params[name] for name in _OF_OWNER if ACCOUNT.fullmatch(str(params.get(name)))), None)
    return found | ({OWNER: owner} if owner else {})


def _nothing(_params: Params) -> dict[str, Any]:
    return {}


def _of_s3(params: Params) -> dict[str, Any]:
    """What is copied, read as the operation reads it: a question mark may be part of a key."""
    source = params.get("CopySource")
    if not isinstance(source, str):
        return {}
    path, _, version = source.partition("?versionId=")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    return {"SourceBucket": bucket, "SourceKey": key, "SourceVersion": version}


def _of_sns(params: Params) -> dict[str, Any]:
    """Of a topic and a target the topic counts."""
    return {"TargetArn": None} if params.get("TopicArn") else {}


def _of_lambda(params: Params) -> dict[str, Any]:
    layer = str(params.get("LayerName") or "").split(":")
    if len(layer) > 6 and layer[0] == "arn":
        return {"LayerName": layer[6], OWNER: layer[4]}
    if not isinstance(params.get("FunctionName"), str) or params["FunctionName"].startswith("arn:"):
        return {}
    said = names.parse(params["FunctionName"])
    qualifier = params.get("Qualifier") or said.qualifier
    if not said.name:
        return {}
    return {"FunctionName": f"{said.name}:{qualifier}" if qualifier else said.name} | (
        {OWNER: said.account} if said.account else {}
    )


def _of_sqs(params: Params) -> dict[str, Any]:
    """Whose queue it is; a move's handle holds the ARN of the queue that it moves from."""
    if isinstance(params.get("TaskHandle"), str):
        try:
            return {"SourceOfTask": str(orjson.loads(b64decode(params["TaskHandle"].encode()))["sourceArn"])}
        except (ValueError, TypeError, KeyError):
            return {}
    *_, owner, _name = ("", "", *_of_url(str(params.get("QueueUrl") or "")))
    return {OWNER: owner} if ACCOUNT.fullmatch(owner) else {}


def _of_url(url: str) -> list[str]:
    """The parts of the path of a queue's URL, as SQS reads it: neither a query nor a fragment counts."""
    try:
        return urlsplit(url).path.strip("/").split("/")
    except ValueError:
        return [""]  # which is no queue's


def _of_scheduler(params: Params) -> dict[str, Any]:
    return {} if params.get("GroupName") else {"GroupName": "default"}


def _of_cloudformation(params: Params) -> dict[str, Any]:
    return {"Id": "*"} if params.get("StackName") or params.get("StackSetName") else {}


def _of_glue(params: Params) -> dict[str, Any]:
    """Registries and schemas are called within what they are given as; a schema's ARN has both names.

    Source: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    schema, registry = params.get("SchemaId") or {}, params.get("RegistryId") or {}
    found = schema.get("RegistryName") or registry.get("RegistryName")
    name = f"{found or 'default-registry'}/{schema['SchemaName']}" if schema.get("SchemaName") else ""
    arn = schema.get("SchemaArn") or registry.get("RegistryArn")
    told = {"RegistryOfSchema": found, "Schema": name, "SchemaArn": arn}
    return {key: value for key, value in told.items() if value}


def _of_kms(params: Params) -> dict[str, Any]:
    """A ciphertext's own key: whatever a request to encrypt it again says, moto takes that."""
    blob = params.get("CiphertextBlob")
    found = _KEY.match(blob) if isinstance(blob, bytes) else None
    if found is None:
        return {}
    return {"SourceKeyId": found[0].decode()} | ({} if params.get("KeyId") else {"KeyId": found[0].decode()})


def _of_events(params: Params) -> dict[str, Any]:
    """The default bus; its rules have their names alone."""
    bus = params.get("EventBusName")
    if isinstance(bus, str) and plain("EventBusName", bus) != "default":
        return {}
    return {"EventBusName": None if "Rule" in params or "Name" in params else "default"}


def _of_streams(params: Params) -> dict[str, Any]:
    """Iterators of DynamoDB's streams hold the stream's ARN."""
    found = _STREAM.search(str(params.get("ShardIterator") or ""))
    return {"TableName": found[1], "StreamLabel": found[2]} if found else {}


def _of_kinesis(params: Params) -> dict[str, Any]:
    """Iterators hold the stream's ARN."""
    said = params.get("ShardIterator")
    if not isinstance(said, str) or params.get("StreamARN"):
        return {}
    try:
        return {"StreamARN": str(orjson.loads(b64decode(said.encode()))[0])}
    except (ValueError, TypeError, IndexError, KeyError):
        return {}


def _of_dynamodb(params: Params) -> dict[str, Any]:
    """A table's ARN tells whose it is."""
    fields = str(params.get("TableName") or "").split(":", 5)
    return {OWNER: fields[4]} if len(fields) == 6 else {}


def _of_stepfunctions(params: Params) -> dict[str, Any]:
    """Whose task it is that a result is sent for."""
    arn = task_token.owner(params["taskToken"]) if isinstance(params.get("taskToken"), str) else ""
    return {"ActivityOfToken" if ":activity:" in arn else "MachineOfToken": arn} if arn else {}


def _of_iam(params: Params) -> dict[str, Any]:
    """What is made in a path, and what a user or group becomes."""
    if {"NewPath", "NewUserName", "NewGroupName"} & params.keys():
        kind = "User" if "UserName" in params else "Group"
        name = params.get(f"New{kind}Name") or params.get(f"{kind}Name")
        return {f"New{kind}": f"{str(params.get('NewPath') or '/')[1:]}{name}"}
    path = str(params.get("Path") or "/")
    made = ("RoleName", "UserName", "GroupName", "PolicyName", "InstanceProfileName")
    return {name: f"{path[1:]}{params[name]}" for name in made if name in params} if path != "/" else {}


_DERIVED = {
    "s3": _of_s3, "sns": _of_sns, "lambda": _of_lambda, "sqs": _of_sqs, "scheduler": _of_scheduler, "kms": _of_kms,
    "cloudformation": _of_cloudformation, "events": _of_events, "dynamodbstreams": _of_streams,
    "kinesis": _of_kinesis, "dynamodb": _of_dynamodb, "iam": _of_iam, "stepfunctions": _of_stepfunctions,
    "glue": _of_glue,
}  # fmt: skip
