"""What is deployed, as the API tells it, in CloudFormation's words: a template that the usual reader reads.

Pure: `Asked` has the answers of the calls that describe an account, by what they are about. Names of settings that
CloudFormation and the API share are taken over; only what they say differently is said here. Wherever an ARN of
something deployed stands, a reference stands in the template, so that what drives what is found as in any other.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Document = dict[str, Any]
FILE = "deployed.json"
"""The template's name."""
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:([\w-]+)(?::([\w$-]+))?")
_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[^\s\"]+")
_CONFIGURATION = (
    "FunctionName", "Runtime", "Handler", "Role", "Timeout", "MemorySize", "PackageType", "Architectures",
    "EphemeralStorage", "TracingConfig", "DeadLetterConfig", "VpcConfig", "LoggingConfig", "SnapStart", "Environment",
)  # fmt: skip
_MAPPING = (
    "EventSourceArn", "BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "StartingPosition",
    "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig",
    "FilterCriteria", "FunctionResponseTypes", "ScalingConfig", "TumblingWindowInSeconds", "Topics", "Queues",
)  # fmt: skip


@dataclass(slots=True)
class Asked:
    """What the API answered; what could not be asked is missing, and `open` tells that something is."""

    functions: list[Document] = field(default_factory=list)
    """GetFunction's answers, with what was asked of each beside: Aliases, Policy, EventInvoke, Url, Provisioned."""
    packages: dict[str, str] = field(default_factory=dict)
    """Function's name -> where its package lies beside the template."""
    mappings: list[Document] = field(default_factory=list)
    queues: list[Document] = field(default_factory=list)
    """GetQueueAttributes' attributes."""
    subscriptions: list[Document] = field(default_factory=list)
    rules: list[Document] = field(default_factory=list)
    """ListRules' members, each with its Targets."""
    schedules: list[Document] = field(default_factory=list)
    buckets: list[Document] = field(default_factory=list)
    """Name and Notification: GetBucketNotificationConfiguration's answer."""
    tables: list[Document] = field(default_factory=list)
    groups: list[Document] = field(default_factory=list)
    roles: list[Document] = field(default_factory=list)
    """GetRole's, with Inline (policies by name) and Managed (ARNs, or documents of the account's own)."""
    rest_apis: list[Document] = field(default_factory=list)
    """With Methods: GetMethod's answers."""
    http_apis: list[Document] = field(default_factory=list)
    """With Integrations."""
    machines: list[Document] = field(default_factory=list)
    alarms: list[Document] = field(default_factory=list)


def template(asked: Asked) -> Document:
    """The template of an account."""
    resources: Document = {}
    for make in _MAKERS:
        for id_, type_, properties in make(asked):
            resources[_free(id_, resources)] = {"Type": type_, "Properties": properties}
    names = _named(resources)
    for resource in resources.values():
        resource["Properties"] = _referring(resource["Properties"], names, resource["Type"])
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def text(asked: Asked) -> str:
    """The template as a file, a setting a line."""
    return json.dumps(template(asked), indent=1, default=str, ensure_ascii=False) + "\n"


Made = Iterable[tuple[str, str, Document]]


def _free(id_: str, taken: Mapping[str, Any]) -> str:
    """A logical id that is not taken; without dots, which part attributes in Fn::Sub."""
    number = 2
    name = id_ = id_.replace(".", "-")
    while name in taken:
        name, number = f"{id_}-{number}", number + 1
    return name


def _some(document: Mapping[str, Any], names: Iterable[str]) -> Document:
    return {name: document[name] for name in names if document.get(name) not in (None, "", [], {})}


def _functions(asked: Asked) -> Made:
    for one in asked.functions:
        said = one["Configuration"]
        name = said["FunctionName"]
        properties = _some(said, _CONFIGURATION)
        if "Error" in properties.get("Environment", {}):
            del properties["Environment"]
        if said.get("SnapStart", {}).get("ApplyOn") == "None":
            properties.pop("SnapStart", None)
        if said.get("Layers"):
            properties["Layers"] = [layer["Arn"] for layer in said["Layers"]]
        reserved = one.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        if reserved is not None:
            properties["ReservedConcurrentExecutions"] = reserved
        if name in asked.packages:
            properties["Code"] = asked.packages[name]
        elif said.get("PackageType") == "Image":
            properties["Code"] = {"ImageUri": one.get("Code", {}).get("ImageUri", "image")}
        yield name, "AWS::Lambda::Function", properties
        yield from _beside(name, one)


def _beside(name: str, one: Document) -> Made:
    """What hangs on a function: aliases, who may invoke it, what becomes of its events, its URL."""
    arn = one["Configuration"]["FunctionArn"]
    for alias in one.get("Aliases", ()):
        properties = {"FunctionName": arn, "Name": alias["Name"], "FunctionVersion": alias["FunctionVersion"]}
        for about in one.get("Provisioned", ()):
            if about["FunctionArn"].endswith(f":{alias['Name']}"):
                count = about["RequestedProvisionedConcurrentExecutions"]
                properties["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": count}
        yield f"{name}-{alias['Name']}", "AWS::Lambda::Alias", properties
    for place, statement in enumerate(one.get("Policy", {}).get("Statement", ()), 1):
        yield f"{name}-permission-{place}", "AWS::Lambda::Permission", _permission(statement)
    for config in one.get("EventInvoke", ()):
        properties = _some(config, ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"))
        properties |= {"FunctionName": arn, "Qualifier": config["FunctionArn"].rpartition(":")[2]}
        yield f"{name}-events", "AWS::Lambda::EventInvokeConfig", properties
    for url in one.get("Url", ()):
        properties = {"TargetFunctionArn": url["FunctionArn"], **_some(url, ("AuthType", "Cors", "InvokeMode"))}
        yield f"{name}-url", "AWS::Lambda::Url", properties


def _permission(statement: Document) -> Document:
    principal = statement.get("Principal", "*")
    if isinstance(principal, dict):
        principal = principal.get("Service") or principal.get("AWS") or "*"
    conditions = statement.get("Condition", {})
    properties = {
        "FunctionName": statement.get("Resource"), "Action": statement.get("Action"), "Principal": principal,
        "SourceArn": _condition(conditions, "AWS:SourceArn"),
        "SourceAccount": _condition(conditions, "AWS:SourceAccount"),
        "FunctionUrlAuthType": _condition(conditions, "lambda:FunctionUrlAuthType"),
    }  # fmt: skip
    return {name: value for name, value in properties.items() if value is not None}


def _condition(conditions: Document, key: str) -> Any:
    for values in conditions.values():
        for name, value in values.items():
            if name.lower() == key.lower():
                return value
    return None


def _mappings(asked: Asked) -> Made:
    for one in asked.mappings:
        properties = {"FunctionName": one["FunctionArn"], **_some(one, _MAPPING)}
        if one.get("State") in ("Disabled", "Disabling"):
            properties["Enabled"] = False
        yield f"mapping-{one['UUID'][:8]}", "AWS::Lambda::EventSourceMapping", properties


def _queues(asked: Asked) -> Made:
    for one in asked.queues:
        name = one["QueueArn"].rpartition(":")[2]
        properties: Document = {"QueueName": name}
        for key in ("VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "ReceiveMessageWaitTimeSeconds"):
            if key in one:
                properties[key] = int(one[key])
        if one.get("FifoQueue") == "true":
            properties["FifoQueue"] = True
        if one.get("RedrivePolicy"):
            properties["RedrivePolicy"] = json.loads(one["RedrivePolicy"])
        yield name, "AWS::SQS::Queue", properties


def _subscriptions(asked: Asked) -> Made:
    for place, one in enumerate(asked.subscriptions, 1):
        properties = _some(one, ("Protocol", "Endpoint", "TopicArn"))
        if one.get("RedrivePolicy"):
            properties["RedrivePolicy"] = json.loads(one["RedrivePolicy"])
        yield f"subscription-{place}", "AWS::SNS::Subscription", properties
    for arn in sorted({one["TopicArn"] for one in asked.subscriptions}):
        name = arn.rpartition(":")[2]
        yield name, "AWS::SNS::Topic", {"TopicName": name}


def _rules(asked: Asked) -> Made:
    for one in asked.rules:
        properties = _some(one, ("Name", "ScheduleExpression", "State", "Targets"))
        if one.get("EventPattern"):
            properties["EventPattern"] = json.loads(one["EventPattern"])
        yield one["Name"], "AWS::Events::Rule", properties
    for one in asked.schedules:
        names = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target", "FlexibleTimeWindow")
        yield one["Name"], "AWS::Scheduler::Schedule", _some(one, names)


def _buckets(asked: Asked) -> Made:
    for one in asked.buckets:
        properties: Document = {"BucketName": one["Name"]}
        listed = one.get("Notification", {}).get("LambdaFunctionConfigurations", ())
        made = [
            {"Event": event, "Function": each["LambdaFunctionArn"], **_filter(each)}
            for each in listed
            for event in each["Events"]
        ]
        if made:
            properties["NotificationConfiguration"] = {"LambdaConfigurations": made}
        yield one["Name"], "AWS::S3::Bucket", properties


def _filter(configuration: Document) -> Document:
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules")
    return {"Filter": {"S3Key": {"Rules": rules}}} if rules else {}


def _tables(asked: Asked) -> Made:
    for one in asked.tables:
        names = ("TableName", "KeySchema", "AttributeDefinitions", "StreamSpecification")
        yield one["TableName"], "AWS::DynamoDB::Table", _some(one, names)


def _groups(asked: Asked) -> Made:
    for one in asked.groups:
        properties = {"LogGroupName": one["logGroupName"]}
        if "retentionInDays" in one:
            properties["RetentionInDays"] = one["retentionInDays"]
        yield f"logs-{one['logGroupName'].strip('/').replace('/', '-')}", "AWS::Logs::LogGroup", properties


def _roles(asked: Asked) -> Made:
    for one in asked.roles:
        policies = [{"PolicyName": name, "PolicyDocument": said} for name, said in one.get("Inline", {}).items()]
        policies += [{"PolicyName": name, "PolicyDocument": said} for name, said in one.get("Own", {}).items()]
        properties = {
            "RoleName": one["RoleName"], "Path": one.get("Path", "/"), "Policies": policies,
            "AssumeRolePolicyDocument": plain_policy(one.get("AssumeRolePolicyDocument", {})),
            "ManagedPolicyArns": list(one.get("Managed", ())),
        }  # fmt: skip
        yield f"role-{one['RoleName']}", "AWS::IAM::Role", properties


def plain_policy(said: Any) -> Any:
    """A policy's document, which IAM answers in URL's coding."""
    return json.loads(unquote(said)) if isinstance(said, str) else said


def _apis(asked: Asked) -> Made:
    for one in asked.rest_apis:
        yield one["id"], "AWS::ApiGateway::RestApi", {"Name": one["name"]}
        for place, method in enumerate(one.get("Methods", ()), 1):
            integration = method.get("methodIntegration", {})
            shown = {
                "Type": integration.get("type"), "Uri": integration.get("uri"),
                "TimeoutInMillis": integration.get("timeoutInMillis"),
            }  # fmt: skip
            properties = {
                "RestApiId": {"Ref": one["id"]}, "HttpMethod": method.get("httpMethod"),
                "AuthorizationType": method.get("authorizationType"),
                "Integration": {name: value for name, value in shown.items() if value is not None},
            }  # fmt: skip
            yield f"{one['id']}-method-{place}", "AWS::ApiGateway::Method", properties
    for one in asked.http_apis:
        yield one["ApiId"], "AWS::ApiGatewayV2::Api", _some(one, ("Name", "ProtocolType"))
        for said in one.get("Integrations", ()):
            names = ("IntegrationType", "IntegrationUri", "TimeoutInMillis", "PayloadFormatVersion")
            properties = {"ApiId": {"Ref": one["ApiId"]}, **_some(said, names)}
            yield f"{one['ApiId']}-{said['IntegrationId']}", "AWS::ApiGatewayV2::Integration", properties


def _machines(asked: Asked) -> Made:
    for one in asked.machines:
        properties = {"StateMachineName": one["name"], "StateMachineType": one.get("type", "STANDARD")}
        properties |= {"DefinitionString": one["definition"], "RoleArn": one.get("roleArn")}
        yield one["name"], "AWS::StepFunctions::StateMachine", properties


def _alarms(asked: Asked) -> Made:
    for one in asked.alarms:
        names = ("AlarmName", "MetricName", "Namespace", "Dimensions", "Metrics", "AlarmActions")
        yield f"alarm-{one['AlarmName']}", "AWS::CloudWatch::Alarm", _some(one, names)


_MAKERS = (
    _functions, _mappings, _queues, _subscriptions, _rules, _buckets, _tables, _groups, _roles, _apis, _machines,
    _alarms,
)  # fmt: skip

_NAMES = {
    "AWS::SQS::Queue": "QueueName", "AWS::SNS::Topic": "TopicName", "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name", "AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName", "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::Logs::LogGroup": "LogGroupName", "AWS::Lambda::Function": "FunctionName",
}  # fmt: skip
_SERVICES = {
    "AWS::SQS::Queue": "sqs", "AWS::SNS::Topic": "sns", "AWS::S3::Bucket": "s3", "AWS::DynamoDB::Table": "dynamodb",
    "AWS::IAM::Role": "iam", "AWS::StepFunctions::StateMachine": "states", "AWS::Lambda::Function": "lambda",
}  # fmt: skip


def _named(resources: Document) -> dict[tuple[str, str], str]:
    """(service, name) -> logical id."""
    return {
        (_SERVICES[one["Type"]], str(one["Properties"].get(_NAMES[one["Type"]]))): id_
        for id_, one in resources.items()
        if one["Type"] in _SERVICES
    }


def _referring(value: Any, names: Mapping[tuple[str, str], str], type_: str) -> Any:
    """A value with references where ARNs stood."""
    if isinstance(value, dict):
        return {key: _kept(key, inner, names, type_) for key, inner in value.items()}
    if isinstance(value, list):
        return [_referring(inner, names, type_) for inner in value]
    return _reference(value, names) if isinstance(value, str) else value


def _kept(key: str, value: Any, names: Mapping[tuple[str, str], str], type_: str) -> Any:
    """Variables and definitions stay as they are: they are text to whoever reads them."""
    return value if key in ("Variables", "DefinitionString", "Code") else _referring(value, names, type_)


def _reference(value: str, names: Mapping[tuple[str, str], str]) -> Any:
    found = _FUNCTION.search(value)
    if found is not None and (found[0] == value or ":apigateway:" in value):
        id_ = names.get(("lambda", found[1]))
        if id_ is None:
            return value
        qualifier = found[2] if found[2] not in (None, "$LATEST") else None
        return {"Fn::Sub": f"${{{id_}.Arn}}:{qualifier}"} if qualifier else {"Fn::GetAtt": [id_, "Arn"]}
    if not _ARN.fullmatch(value):
        return value
    service, rest = value.split(":", 5)[2], value.split(":", 5)[5]
    return _to(service, rest, names) or value


def _to(service: str, rest: str, names: Mapping[tuple[str, str], str]) -> Document | None:
    """The reference of an ARN's last part: of a table's stream to the stream, of an object's to its bucket's text."""
    if service == "dynamodb" and rest.startswith("table/"):
        table, _, more = rest.removeprefix("table/").partition("/")
        id_ = names.get((service, table))
        attribute = "StreamArn" if more.startswith("stream/") else "Arn"
        if id_ is not None and (not more or more.startswith("stream/")):
            return {"Fn::GetAtt": [id_, attribute]}
        return {"Fn::Sub": f"${{{id_}.Arn}}/{more}"} if id_ is not None else None
    name, _, more = rest.partition("/") if service == "s3" else (re.split("[:/]", rest)[-1], "", "")
    id_ = names.get((service, name))
    if id_ is None:
        return None
    return {"Fn::Sub": f"${{{id_}.Arn}}/{more}"} if more else {"Fn::GetAtt": [id_, "Arn"]}
