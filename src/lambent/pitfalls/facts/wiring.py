"""What drives which function: triggers from SAM's events and from the resources that wire them in CloudFormation."""

from collections.abc import Iterator
from typing import Any

from lambent.pitfalls.facts.project import Function, Resource, Stack, Trigger
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Text, refs

FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
SAM_KINDS = {
    "SQS": "sqs",
    "Kinesis": "kinesis",
    "DynamoDB": "dynamodb",
    "MSK": "kafka",
    "SelfManagedKafka": "kafka",
    "MQ": "mq",
    "DocumentDB": "documentdb",
    "S3": "s3",
    "SNS": "sns",
    "Schedule": "rule-schedule",
    "ScheduleV2": "scheduler",
    "EventBridgeRule": "rule",
    "CloudWatchEvent": "rule",
    "CloudWatchLogs": "logs",
    "IoTRule": "iot",
    "Cognito": "cognito",
    "Api": "rest",
    "HttpApi": "http",
    "AlexaSkill": "alexa",
}
_SOURCE_KEYS = {"sqs": "Queue", "kinesis": "Stream", "dynamodb": "Stream", "s3": "Bucket", "sns": "Topic"}
ASYNC = ("s3", "sns", "rule", "rule-schedule", "scheduler", "iot", "logs", "ses", "config", "codecommit")
STREAMS = ("kinesis", "dynamodb")
DOORS = ("rest", "http", "url", "alb")
PULLED = ("sqs", "kinesis", "dynamodb", "kafka", "mq", "documentdb")


def wire(stack: Stack) -> None:
    """Find the stack's functions, and what drives them."""
    for resource in stack.of(*FUNCTIONS):
        stack.functions.append(Function(resource.id, resource, stack))
    for function in stack.functions:
        function.triggers.extend(_sam_events(function))
        if "FunctionUrlConfig" in function.resource.properties:
            function.triggers.append(_url(function))
    for resource in stack.of_all():
        for function_value, trigger in _wired(stack, resource):
            found, alias = stack.function(function_value)
            if found is not None:
                found.triggers.append(_aliased(trigger, alias))
    for resource in stack.of("AWS::Lambda::Permission"):
        _by_permission(stack, resource)


def _aliased(trigger: Trigger, alias: bool) -> Trigger:
    return Trigger(trigger.kind, trigger.source, trigger.resource, trigger.place, trigger.settings, alias)


def _sam_events(function: Function) -> Iterator[Trigger]:
    events = function.fact("Events").value
    if not isinstance(events, Map):
        return
    alias = "AutoPublishAlias" in function.resource.properties
    for name, event in events.items():
        if not isinstance(event, Map):
            continue
        kind = SAM_KINDS.get(str(event.get("Type")), str(event.get("Type")).lower())
        settings = event.get("Properties")
        settings = settings if isinstance(settings, Map) else Map(events.at[name])
        source = settings.get(_SOURCE_KEYS.get(kind, ""), settings.get("RestApiId", settings.get("ApiId")))
        yield Trigger(kind, source, function.resource, function.resource.at(events.at[name]), settings, alias)


def _url(function: Function) -> Trigger:
    config = function.resource.properties["FunctionUrlConfig"]
    settings = config if isinstance(config, Map) else Map(function.resource.span)
    return Trigger("url", None, function.resource, function.fact("FunctionUrlConfig").place, settings)


Wired = Iterator[tuple[Any, Trigger]]


def _wired(stack: Stack, resource: Resource) -> Wired:
    """Pairs of (what names the function, the trigger) that a resource makes."""
    maker = _MAKERS.get(resource.type)
    if maker is not None:
        yield from maker(stack, resource)


def _mapping(stack: Stack, resource: Resource) -> Wired:
    properties = resource.properties
    source = properties.get("EventSourceArn")
    kind = _kind_of_source(stack, source, properties)
    yield properties.get("FunctionName"), Trigger(kind, source, resource, resource.place, properties)


def _kind_of_source(stack: Stack, source: Any, properties: Map) -> str:
    target = stack.target(source)
    types = {"AWS::SQS::Queue": "sqs", "AWS::Kinesis::Stream": "kinesis", "AWS::MSK::Cluster": "kafka"}
    if target is not None and target.type in types:
        return types[target.type]
    if target is not None and "Table" in target.type:
        return "dynamodb"
    words = source.parts if isinstance(source, Text) else (source,)
    for word in words:
        for name in ("sqs", "kinesis", "dynamodb"):
            if isinstance(word, str) and f":{name}:" in word:
                return name
    if "StartingPosition" in properties and ("Topics" in properties or "SelfManagedEventSource" in properties):
        return "kafka"
    return "stream" if "StartingPosition" in properties else "mapping"


def _bucket(stack: Stack, resource: Resource) -> Wired:
    notifications = resource.properties.get("NotificationConfiguration")
    listed = notifications.get("LambdaConfigurations") if isinstance(notifications, Map) else None
    if isinstance(listed, Seq):
        for item, span in zip(listed, listed.at, strict=True):
            if isinstance(item, Map):
                trigger = Trigger("s3", Ref(resource.id), resource, resource.at(span), item)
                yield item.get("Function"), trigger


def _notification(stack: Stack, resource: Resource) -> Wired:
    """Terraform's aws_s3_bucket_notification."""
    listed = resource.properties.get("LambdaFunction")
    if isinstance(listed, Seq):
        for item, span in zip(listed, listed.at, strict=True):
            if isinstance(item, Map):
                trigger = Trigger("s3", resource.properties.get("Bucket"), resource, resource.at(span), item)
                yield item.get("LambdaFunctionArn"), trigger


def _subscription(stack: Stack, resource: Resource) -> Wired:
    if resource.properties.get("Protocol") == "lambda":
        source = resource.properties.get("TopicArn")
        yield resource.properties.get("Endpoint"), Trigger("sns", source, resource, resource.place, resource.properties)


def _topic(stack: Stack, resource: Resource) -> Wired:
    listed = resource.properties.get("Subscription")
    if isinstance(listed, Seq):
        for item, span in zip(listed, listed.at, strict=True):
            if isinstance(item, Map) and item.get("Protocol") == "lambda":
                yield item.get("Endpoint"), Trigger("sns", Ref(resource.id), resource, resource.at(span), item)


def _rule(stack: Stack, resource: Resource) -> Wired:
    kind = "rule-schedule" if "ScheduleExpression" in resource.properties else "rule"
    targets = resource.properties.get("Targets")
    if isinstance(targets, Seq):
        for item in targets:
            if isinstance(item, Map):
                yield item.get("Arn"), Trigger(kind, Ref(resource.id), resource, resource.place, resource.properties)


def _schedule(stack: Stack, resource: Resource) -> Wired:
    target = resource.properties.get("Target")
    if isinstance(target, Map):
        yield target.get("Arn"), Trigger("scheduler", Ref(resource.id), resource, resource.place, resource.properties)


def _method(stack: Stack, resource: Resource) -> Wired:
    integration = resource.properties.get("Integration")
    if isinstance(integration, Map):
        source = resource.properties.get("RestApiId")
        yield integration.get("Uri"), Trigger("rest", source, resource, resource.place, integration)


def _integration(stack: Stack, resource: Resource) -> Wired:
    properties = resource.properties
    api = stack.target(properties.get("ApiId"))
    protocol = api.properties.get("ProtocolType") if api is not None else "HTTP"
    kind = "websocket" if protocol == "WEBSOCKET" else "http"
    yield properties.get("IntegrationUri"), Trigger(kind, properties.get("ApiId"), resource, resource.place, properties)


def _function_url(stack: Stack, resource: Resource) -> Wired:
    yield (
        resource.properties.get("TargetFunctionArn"),
        Trigger("url", None, resource, resource.place, resource.properties),
    )


def _target_group(stack: Stack, resource: Resource) -> Wired:
    targets = resource.properties.get("Targets")
    if resource.properties.get("TargetType") == "lambda" and isinstance(targets, Seq):
        for item in targets:
            if isinstance(item, Map):
                yield item.get("Id"), Trigger("alb", Ref(resource.id), resource, resource.place, resource.properties)


def _logs(stack: Stack, resource: Resource) -> Wired:
    source = resource.properties.get("LogGroupName")
    trigger = Trigger("logs", source, resource, resource.place, resource.properties)
    yield resource.properties.get("DestinationArn"), trigger


def _user_pool(stack: Stack, resource: Resource) -> Wired:
    config = resource.properties.get("LambdaConfig")
    if isinstance(config, Map):
        for key, value in config.items():
            place = resource.at(config.at[key])
            yield value, Trigger("cognito", Ref(resource.id), resource, place, config)


def _delivery(stack: Stack, resource: Resource) -> Wired:
    """A delivery stream whose records a function transforms."""
    for ref in refs(resource.properties):
        if ref.id in stack.resources and stack.resources[ref.id].type in FUNCTIONS:
            yield ref, Trigger("firehose", Ref(resource.id), resource, resource.place, resource.properties)


_MAKERS = {
    "AWS::KinesisFirehose::DeliveryStream": _delivery,
    "AWS::KinesisAnalytics::ApplicationOutput": _delivery,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::S3::Bucket": _bucket,
    "Terraform::BucketNotification": _notification,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGatewayV2::Integration": _integration,
    "AWS::Lambda::Url": _function_url,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::Logs::SubscriptionFilter": _logs,
    "AWS::Cognito::UserPool": _user_pool,
}
_PRINCIPALS = {
    "s3.amazonaws.com": "s3",
    "sns.amazonaws.com": "sns",
    "events.amazonaws.com": "rule",
    "apigateway.amazonaws.com": "gateway",
    "iot.amazonaws.com": "iot",
    "logs.amazonaws.com": "logs",
    "elasticloadbalancing.amazonaws.com": "alb",
    "cognito-idp.amazonaws.com": "cognito",
    "ses.amazonaws.com": "ses",
    "config.amazonaws.com": "config",
}


def _by_permission(stack: Stack, resource: Resource) -> None:
    """What may invoke a function, where the wiring itself is not in the template."""
    function, alias = stack.function(resource.properties.get("FunctionName"))
    kind = _PRINCIPALS.get(str(resource.properties.get("Principal")))
    if function is None or kind is None:
        return
    like = {"rule": ("rule", "rule-schedule"), "gateway": ("rest", "http", "websocket")}.get(kind, (kind,))
    if not function.driven_by(*like):
        kind = _gateway_kind(stack, resource) if kind == "gateway" else kind
        source = resource.properties.get("SourceArn")
        function.triggers.append(Trigger(kind, source, resource, resource.place, Map(resource.span), alias))


def _gateway_kind(stack: Stack, resource: Resource) -> str:
    """Which kind of API a permission for API Gateway is for: by the API it names, else by the only kind there is."""
    api = stack.target(resource.properties.get("SourceArn"))
    if api is not None and api.type.startswith("AWS::ApiGatewayV2"):
        return "websocket" if api.properties.get("ProtocolType") == "WEBSOCKET" else "http"
    if api is not None:
        return "rest" if api.type in ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api") else "http"
    return "gateway"
