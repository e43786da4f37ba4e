"""Terraform's folders as stacks: each resource in CloudFormation's words, with the lines of its own attributes."""

import json
import posixpath
from collections.abc import Callable
from typing import Any

from lambent.pitfalls.facts.hcl import Block
from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.terraform_modules import Folder
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Text, Unknown, text

_TYPES = {
    "aws_lambda_function": "AWS::Lambda::Function",
    "aws_lambda_event_source_mapping": "AWS::Lambda::EventSourceMapping",
    "aws_lambda_function_event_invoke_config": "AWS::Lambda::EventInvokeConfig",
    "aws_lambda_permission": "AWS::Lambda::Permission",
    "aws_lambda_function_url": "AWS::Lambda::Url",
    "aws_lambda_alias": "AWS::Lambda::Alias",
    "aws_sqs_queue": "AWS::SQS::Queue",
    "aws_sqs_queue_redrive_policy": "Terraform::QueueRedrive",
    "aws_sns_topic": "AWS::SNS::Topic",
    "aws_sns_topic_subscription": "AWS::SNS::Subscription",
    "aws_cloudwatch_event_rule": "AWS::Events::Rule",
    "aws_cloudwatch_event_target": "Terraform::EventTarget",
    "aws_scheduler_schedule": "AWS::Scheduler::Schedule",
    "aws_s3_bucket": "AWS::S3::Bucket",
    "aws_s3_bucket_notification": "Terraform::BucketNotification",
    "aws_apigatewayv2_api": "AWS::ApiGatewayV2::Api",
    "aws_apigatewayv2_integration": "AWS::ApiGatewayV2::Integration",
    "aws_api_gateway_rest_api": "AWS::ApiGateway::RestApi",
    "aws_api_gateway_integration": "Terraform::RestIntegration",
    "aws_api_gateway_method": "Terraform::RestMethod",
    "aws_api_gateway_usage_plan": "AWS::ApiGateway::UsagePlan",
    "aws_api_gateway_api_key": "AWS::ApiGateway::ApiKey",
    "aws_api_gateway_request_validator": "AWS::ApiGateway::RequestValidator",
    "aws_api_gateway_model": "AWS::ApiGateway::Model",
    "aws_api_gateway_gateway_response": "AWS::ApiGateway::GatewayResponse",
    "aws_wafv2_web_acl_association": "AWS::WAFv2::WebACLAssociation",
    "aws_iam_role": "AWS::IAM::Role",
    "aws_iam_policy": "AWS::IAM::ManagedPolicy",
    "aws_iam_role_policy": "AWS::IAM::RolePolicy",
    "aws_iam_role_policy_attachment": "Terraform::Attachment",
    "aws_iam_policy_attachment": "Terraform::Attachment",
    "aws_cloudwatch_log_group": "AWS::Logs::LogGroup",
    "aws_cloudwatch_log_subscription_filter": "AWS::Logs::SubscriptionFilter",
    "aws_cloudwatch_metric_alarm": "AWS::CloudWatch::Alarm",
    "aws_dynamodb_table": "AWS::DynamoDB::Table",
    "aws_kinesis_stream": "AWS::Kinesis::Stream",
    "aws_sfn_state_machine": "AWS::StepFunctions::StateMachine",
    "aws_vpc_endpoint": "AWS::EC2::VPCEndpoint",
    "aws_nat_gateway": "AWS::EC2::NatGateway",
    "aws_subnet": "AWS::EC2::Subnet",
    "aws_route": "AWS::EC2::Route",
    "aws_route_table": "Terraform::RouteTable",
    "aws_route_table_association": "AWS::EC2::SubnetRouteTableAssociation",
    "aws_security_group": "AWS::EC2::SecurityGroup",
    "aws_security_group_rule": "Terraform::SecurityGroupRule",
    "aws_vpc_security_group_ingress_rule": "AWS::EC2::SecurityGroupIngress",
    "aws_kms_key": "AWS::KMS::Key",
    "aws_kms_alias": "AWS::KMS::Alias",
    "aws_secretsmanager_secret": "AWS::SecretsManager::Secret",
    "aws_lambda_layer_version": "AWS::Lambda::LayerVersion",
    "aws_elasticache_replication_group": "AWS::ElastiCache::ReplicationGroup",
    "aws_budgets_budget": "AWS::Budgets::Budget",
    "aws_ce_anomaly_monitor": "AWS::CE::AnomalyMonitor",
    "aws_db_instance": "AWS::RDS::DBInstance",
    "aws_rds_cluster": "AWS::RDS::DBCluster",
    "aws_db_proxy": "AWS::RDS::DBProxy",
    "aws_elasticache_cluster": "AWS::ElastiCache::CacheCluster",
    "aws_lb_target_group": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "aws_cognito_user_pool": "AWS::Cognito::UserPool",
}
_RENAMED = {
    "visibility_timeout_seconds": "VisibilityTimeout",
    "authorization_type": "AuthType",
    "maximum_event_age_in_seconds": "MaximumEventAgeInSeconds",
    "timeout_milliseconds": "TimeoutInMillis",
    "image_config": "ImageConfig",
    "vpc_config": "VpcConfig",
    "starting_position": "StartingPosition",
    "policy": "PolicyDocument",
    "assume_role_policy": "AssumeRolePolicyDocument",
    "destination_arn": "Destination",
    "managed_policy_arns": "ManagedPolicyArns",
    "fifo_queue": "FifoQueue",
    "fifo_topic": "FifoTopic",
    "apply_on": "ApplyOn",
}
_NAMES = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
}
_LISTS = (
    "lambda_function",
    "attribute",
    "global_secondary_index",
    "filter",
    "statement",
    "inline_policy",
    "ingress",
    "route",
)
"""Blocks that may stand several times."""


def stack_of(blocks: list[tuple[str, Block]], path: str) -> Stack:
    """The stack of blocks that say what they refer to, each with the path of its file."""
    stack = Stack(path, "terraform")
    documents: dict[str, Any] = {}
    archives: dict[str, tuple[Map, str]] = {}
    for name, block in blocks:
        if block.type == "module":
            _module(block, name, stack)
        elif block.type == "data" and len(block.labels) == 2:
            _data(block, name, documents, archives)
        elif block.type == "resource" and len(block.labels) == 2:
            resource = _resource(block, name)
            stack.resources[resource.id] = resource
    _join(stack, documents, archives)
    stack.region = _region(blocks)
    return stack


def _region(blocks: list[tuple[str, Block]]) -> str | None:
    """The region of the only provider of AWS."""
    found = [block.body.get("region") for _, block in blocks if block.type == "provider" and block.labels == ["aws"]]
    return found[0] if len(found) == 1 and isinstance(found[0], str) else None


def _flat(block: Block) -> Map:
    """A block's attributes and inner blocks as one map; `dynamic` ones are unknown."""
    made = Map(block.span)
    for key, value in block.body.items():
        if value is not None:
            made.put(key, value, block.body.at[key])
    for inner in block.blocks:
        if inner.type == "dynamic":
            made.put(inner.labels[0] if inner.labels else "?", Unknown("dynamic"), inner.span)
        elif inner.type in _LISTS:
            listed = made.get(inner.type)
            listed = listed if isinstance(listed, Seq) else Seq(inner.span)
            listed.put(_flat(inner), inner.span)
            made.put(inner.type, listed, inner.span)
        elif inner.type not in ("lifecycle", "provisioner", "timeouts", "connection"):
            made.put(inner.type, _flat(inner), inner.span)
    return made


def _resource(block: Block, path: str) -> Resource:
    kind, label = block.labels
    flat = _flat(block)
    type_ = _TYPES.get(kind, f"Terraform::{kind}")
    properties = _renamed(flat, type_)
    if type_ == "AWS::DynamoDB::Table":
        _of_table(properties, flat)
    resource = Resource(f"{kind}.{label}", type_, properties, path, block.span)
    resource.extra = flat
    return resource


def _of_table(properties: Map, flat: Map) -> None:
    """A table's keys and stream, which CloudFormation has in structures."""
    keys = Seq(flat.span)
    for name, kind in (("hash_key", "HASH"), ("range_key", "RANGE")):
        if name in flat:
            key = Map(flat.at[name])
            key.put("AttributeName", flat[name], flat.at[name])
            key.put("KeyType", kind, flat.at[name])
            keys.put(key, flat.at[name])
    properties.put("KeySchema", keys, flat.span)
    if "stream_view_type" in flat:
        span = flat.at["stream_view_type"]
        stream = Map(span)
        stream.put("StreamViewType", flat["stream_view_type"], span)
        properties.put("StreamSpecification", stream, span)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


_VERBATIM = ("variables", "tags", "request_parameters", "policy", "redrive_policy", "assume_role_policy", "environment")


def _renamed(flat: Map, type_: str) -> Map:
    made = Map(flat.span)
    for key, value in flat.items():
        name = _NAMES.get(type_, "Name") if key == "name" else _RENAMED.get(key, _camel(key))
        inner = value
        if isinstance(value, Map) and key not in _VERBATIM:
            inner = _renamed(value, "")
        elif key in ("policy", "redrive_policy", "assume_role_policy"):
            inner = _json(value, flat.at[key])
        elif key == "environment" and isinstance(value, Map):
            inner = Map(value.span)
            for each in value:
                inner.put(_camel(each), value[each], value.at[each])
        elif isinstance(value, Seq):
            inner = _renamed_list(value)
        made.put(name, inner, flat.at[key])
    return made


def _renamed_list(value: Seq) -> Seq:
    made = Seq(value.span)
    for item, span in zip(value, value.at, strict=True):
        made.put(_renamed(item, "") if isinstance(item, Map) else item, span)
    return made


def _json(value: Any, span: tuple[int, int]) -> Any:
    """A policy written as text, with references replaced by a mark on the way through JSON."""
    if not isinstance(value, str | Text):
        return value
    marks: dict[str, Any] = {}
    parts = value.parts if isinstance(value, Text) else (value,)
    joined = ""
    for part in parts:
        if isinstance(part, str):
            joined += part
        else:
            mark = f"\x00{len(marks)}\x00"
            marks[mark.strip("\x00")] = part
            joined += mark.replace("\x00", "@@")
    try:
        return _spanned(json.loads(joined), span, marks)
    except ValueError:
        return Unknown("policy")


def _spanned(value: Any, span: tuple[int, int], marks: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        made = Map(span)
        for key, inner in value.items():
            made.put(key, _spanned(inner, span, marks), span)
        return made
    if isinstance(value, list):
        listed = Seq(span)
        for inner in value:
            listed.put(_spanned(inner, span, marks), span)
        return listed
    if isinstance(value, str) and "@@" in value:
        return text([marks.get(part, part) for part in value.split("@@")])
    return value


def _module(block: Block, path: str, stack: Stack) -> None:
    """The module that the whole world uses for functions has their settings by the same names; others are closed."""
    source = block.body.get("source")
    if not (isinstance(source, str) and source.startswith("terraform-aws-modules/lambda/aws") and "//" not in source):
        stack.open = True
        return
    flat = _flat(block)
    wrapped = Map(block.span)
    if "environment_variables" in flat:
        wrapped.put("Variables", flat["environment_variables"], flat.at["environment_variables"])
        flat.put("environment", wrapped, flat.at["environment_variables"])
    properties = _renamed(flat, "AWS::Lambda::Function")
    label = f"module.{block.labels[0] if block.labels else '?'}"
    resource = Resource(label, "AWS::Lambda::Function", properties, path, block.span, extra=flat)
    if isinstance(flat.get("source_path"), str | Text):
        resource.extra.put("folder", _relative(flat["source_path"], path, stack.path, path), block.span)
    stack.resources[label] = resource
    _module_sources(label, flat, path, stack)
    if "cloudwatch_logs_retention_in_days" in flat:
        group = Map(block.span)
        group.put("LogGroupName", text(["/aws/lambda/", Ref(label)]), block.span)
        group.put("RetentionInDays", flat["cloudwatch_logs_retention_in_days"], block.span)
        stack.resources[f"{label}.logs"] = Resource(f"{label}.logs", "AWS::Logs::LogGroup", group, path, block.span)


def _module_sources(label: str, flat: Map, path: str, stack: Stack) -> None:
    """The module's event_source_mapping: a map of mappings, in the resource's words."""
    given = flat.get("event_source_mapping")
    listed = given if isinstance(given, Map) else Map()
    for name, settings in listed.items():
        if isinstance(settings, Map):
            properties, span = _renamed(settings, ""), listed.at[name]
            properties.put("FunctionName", Ref(label), span)
            id_ = f"{label}.{name}"
            stack.resources[id_] = Resource(id_, "AWS::Lambda::EventSourceMapping", properties, path, span)


def _data(block: Block, path: str, documents: dict[str, Any], archives: dict[str, tuple[Map, str]]) -> None:
    kind, label = block.labels
    if kind == "aws_iam_policy_document":
        documents[f"data.{kind}.{label}"] = _document(_flat(block))
    elif kind == "archive_file":
        archives[f"data.{kind}.{label}"] = (_flat(block), path)


def _document(flat: Map) -> Any:
    """A data source of a policy in the form that policies have."""
    if any(key in flat for key in ("source_policy_documents", "override_policy_documents", "source_json")):
        return Unknown("policy")
    made = Map(flat.span)
    listed = Seq(flat.span)
    statements = flat.get("statement")
    for item, span in zip(statements, statements.at, strict=True) if isinstance(statements, Seq) else ():
        statement = Map(span)
        statement.put("Effect", item.get("effect", "Allow"), span)
        for old, new in (("actions", "Action"), ("resources", "Resource"), ("condition", "Condition")):
            if old in item:
                statement.put(new, item[old], item.at[old])
        listed.put(statement, span)
    made.put("Statement", listed, flat.span)
    return made if isinstance(statements, Seq) else Unknown("policy")


def _join(stack: Stack, documents: dict[str, Any], archives: dict[str, tuple[Map, str]]) -> None:
    """What Terraform has as resources of their own becomes part of what it is about."""
    for resource in list(stack.resources.values()):
        _fill_documents(resource, documents)
        joiner = _JOINERS.get(resource.type)
        if joiner is not None:
            joiner(stack, resource)
        if resource.type == "AWS::Lambda::Function":
            _locate(resource, archives, stack.path)
            target = resource.properties.get("FunctionName")
            if resource.id.startswith("aws_") and target is not None:
                resource.extra.put("named", target, resource.span)


def _fill_documents(resource: Resource, documents: dict[str, Any]) -> None:
    for key in ("PolicyDocument", "AssumeRolePolicyDocument"):
        value = resource.properties.get(key)
        if isinstance(value, Ref) and value.id in documents:
            resource.properties.put(key, documents[value.id], resource.properties.at[key])


def _locate(resource: Resource, archives: dict[str, tuple[Map, str]], root: str) -> None:
    filename = resource.properties.get("Filename")
    source: Any = None
    path = resource.path
    if isinstance(filename, Ref) and filename.id in archives:
        archive, path = archives[filename.id]
        source = archive.get("source_dir", archive.get("source_file"))
    if source is None and isinstance(filename, str | Text):
        source = filename
    if source is not None:
        resource.extra.put("folder", _relative(source, path, root, resource.path), resource.span)


def _relative(source: Any, path: str, root: str, seen_from: str) -> str:
    """`${path.module}/src` of a file, seen from another one's folder; a file's folder for a single file. What begins
    with no folder begins at the stack's."""
    parts = source.parts if isinstance(source, Text) else (source,)
    joined = "".join(part for part in parts if isinstance(part, str)).lstrip("/")
    joined = joined.rpartition("/")[0] or "." if joined.endswith((".py", ".js", ".mjs", ".ts")) else joined or "."
    named = isinstance(parts[0], Folder)
    begin = parts[0].path if named else root if isinstance(parts[0], str) else path.rpartition("/")[0]
    return posixpath.relpath(posixpath.join("/", begin, joined), posixpath.join("/", seen_from.rpartition("/")[0]))


def _event_target(stack: Stack, resource: Resource) -> None:
    rule = stack.target(resource.properties.get("Rule"))
    if rule is not None and rule.type == "AWS::Events::Rule":
        targets = rule.properties.get("Targets")
        targets = targets if isinstance(targets, Seq) else Seq(resource.span)
        targets.put(resource.properties, resource.span)
        rule.properties.put("Targets", targets, resource.span)


def _queue_redrive(stack: Stack, resource: Resource) -> None:
    queue = stack.target(resource.properties.get("QueueUrl"))
    if queue is not None and queue.type == "AWS::SQS::Queue":
        queue.properties.put("RedrivePolicy", resource.properties.get("RedrivePolicy", Unknown()), resource.span)


def _attachment(stack: Stack, resource: Resource) -> None:
    properties = resource.properties
    roles = properties.get("Roles", properties.get("Role"))
    for value in roles if isinstance(roles, Seq) else [roles]:
        role = stack.target(value)
        if role is not None and role.type == "AWS::IAM::Role":
            arns = role.properties.get("ManagedPolicyArns")
            arns = arns if isinstance(arns, Seq) else Seq(resource.span)
            arns.put(properties.get("PolicyArn", Unknown()), resource.span)
            role.properties.put("ManagedPolicyArns", arns, resource.span)


def _role_policy(stack: Stack, resource: Resource) -> None:
    if "Role" in resource.properties:
        resource.properties.put("RoleName", resource.properties["Role"], resource.span)


def _role(stack: Stack, resource: Resource) -> None:
    inline = resource.properties.get("InlinePolicy")
    if isinstance(inline, Seq):
        resource.properties.put("Policies", inline, resource.span)


def _url(stack: Stack, resource: Resource) -> None:
    resource.properties.put("TargetFunctionArn", resource.properties.get("FunctionName"), resource.span)


def _route_table(stack: Stack, resource: Resource) -> None:
    """A table's own routes as resources, as CloudFormation has them."""
    listed = resource.properties.get("Route")
    routes = listed if isinstance(listed, Seq) else Seq()
    for number, (route, span) in enumerate(zip(routes, routes.at, strict=True)):
        if isinstance(route, Map):
            route.put("RouteTableId", Ref(resource.id), resource.span)
            id_ = f"{resource.id}.{number}"
            stack.resources[id_] = Resource(id_, "AWS::EC2::Route", route, resource.path, span)


def _group_rule(stack: Stack, resource: Resource) -> None:
    resource.properties.put("GroupId", resource.properties.get("SecurityGroupId", Unknown()), resource.span)


def _rest_integration(stack: Stack, resource: Resource) -> None:
    integration = Map(resource.span)
    for key, value in resource.properties.items():
        integration.put(key, value, resource.properties.at[key])
    answers = Seq(resource.span)
    for other in stack.resources.values():
        if other.type == "Terraform::aws_api_gateway_integration_response" and _of_one_method(other, resource):
            answers.put(other.properties, other.span)
    if answers:
        integration.put("IntegrationResponses", answers, resource.span)
    resource.properties.put("Integration", integration, resource.span)
    resource.type = "AWS::ApiGateway::Method"


def _of_one_method(one: Resource, other: Resource) -> bool:
    """Whether two resources are about the same method, or the first says that it is about the second's."""
    keys = ("ResourceId", "HttpMethod")
    named = [one.properties.get(key) for key in keys]
    same = [one.properties.get(key) == other.properties.get(key) for key in keys]
    return all(same) or any(isinstance(value, Ref) and value.id == other.id for value in named)


_JOINERS: dict[str, Callable[[Stack, Resource], None]] = {
    "Terraform::EventTarget": _event_target,
    "Terraform::QueueRedrive": _queue_redrive,
    "Terraform::Attachment": _attachment,
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Url": _url,
    "Terraform::RestIntegration": _rest_integration,
    "Terraform::RouteTable": _route_table,
    "Terraform::SecurityGroupRule": _group_rule,
    "AWS::EC2::SecurityGroupIngress": _group_rule,
}
