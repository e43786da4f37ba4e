"""serverless.yml (v3 and v4) as a stack: functions in SAM's words, its resources as they stand."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from lambent.pitfalls.facts import serverless_machines
from lambent.pitfalls.facts.cloudformation import SAM_FUNCTION, Resolver, is_template
from lambent.pitfalls.facts.project import Resource, Stack
from lambent.pitfalls.facts.tree import UNKNOWN, Map, Ref, Seq, Span, Unknown, each, text
from lambent.pitfalls.facts.unread import NotRead

Load = Callable[[str], Any]
"""A file beside it, as a document; raises NotRead."""

MOST_HOPS = 12
"""From variable to variable."""
MOST_VALUES = 200_000
_VARIABLE = re.compile(r"\$\{([^{}$]+)\}")
_KNOWN_SOURCE = re.compile(r"^\s*(self|opt|env|file|sls|aws|cf|ssm|s3|param|output|strToBool|git|tf|vault|doppler)\b")
_DEFAULTS = {"Timeout": 6, "MemorySize": 1024}
"""What the framework sets when nothing is said (https://www.serverless.com/framework/docs/providers/aws/guide/functions)."""
_SETTINGS = {
    "handler": "Handler",
    "runtime": "Runtime",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "reservedConcurrency": "ReservedConcurrentExecutions",
    "layers": "Layers",
    "name": "FunctionName",
    "role": "Role",
    "architecture": "Architectures",
    "description": "Description",
    "snapStart": "SnapStart",
    "maximumEventAge": "MaximumEventAgeInSeconds",
    "image": "ImageUri",
}
_EVENTS = {
    "http": "Api",
    "httpApi": "HttpApi",
    "sqs": "SQS",
    "sns": "SNS",
    "s3": "S3",
    "schedule": "Schedule",
    "eventBridge": "EventBridgeRule",
    "cloudwatchEvent": "EventBridgeRule",
    "cloudwatchLog": "CloudWatchLogs",
    "iot": "IoTRule",
    "alb": "alb",
    "websocket": "websocket",
    "cognitoUserPool": "Cognito",
    "alexaSkill": "AlexaSkill",
    "msk": "MSK",
    "kafka": "SelfManagedKafka",
    "activemq": "MQ",
    "rabbitmq": "MQ",
}
_MAPPING = {
    "batchSize": "BatchSize",
    "maximumBatchingWindow": "MaximumBatchingWindowInSeconds",
    "batchWindow": "MaximumBatchingWindowInSeconds",
    "functionResponseType": "FunctionResponseTypes",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "startingPosition": "StartingPosition",
    "parallelizationFactor": "ParallelizationFactor",
    "filterPatterns": "FilterCriteria",
    "redrivePolicy": "RedrivePolicy",
    "rules": "Filter",
    "bucket": "Bucket",
    "topicName": "Topic",
    "rate": "Schedule",
    "path": "Path",
    "method": "Method",
    "async": "async",
    "timeoutInMillis": "TimeoutInMillis",
    "eventBus": "EventBusName",
    "pattern": "Pattern",
    "filterPolicy": "FilterPolicy",
    "timezone": "ScheduleExpressionTimezone",
}


_BUNDLERS = re.compile(r"esbuild|webpack|bundle|parcel|vite|rollup|typescript|babel")
"""Plugins that make packages of their own."""


def is_serverless(document: Any) -> bool:
    """Whether a document is a service of the framework on AWS."""
    provider = document.get("provider") if isinstance(document, Map) else None
    name = provider.get("name") if isinstance(provider, Map) else provider
    return name == "aws" and "service" in document


def read(document: Map, path: str, load: Load) -> Stack:
    """The stack of a serverless.yml."""
    return _Service(document, path, load).stack()


def _of_rest_apis(provider: Map, made: Stack) -> None:
    """What the provider asks of its API that only REST APIs have, in SAM's words."""
    tracing = provider.get("tracing")
    traced = isinstance(tracing, Map) and tracing.get("apiGateway") not in (None, False)
    if traced or any(key in provider for key in ("apiGateway", "apiKeys", "usagePlan", "resourcePolicy")):
        api = Map(provider.span)
        api.put("TracingEnabled" if traced else "Auth", True, provider.span)
        made.shared.put("Api", api, provider.span)


class _Service:
    def __init__(self, document: Map, path: str, load: Load) -> None:
        self.document = document
        self.path = path
        self.load = load
        self.spent = 0
        self.made = Stack(path, "serverless")
        provider = self.value(document.get("provider"))
        self.provider: Map = provider if isinstance(provider, Map) else Map()

    def stack(self) -> Stack:
        region = self.provider.get("region")
        self.made.region = region if isinstance(region, str) else None
        self._resources()
        for path, functions in self._functions():
            for name, raw in functions.items():
                body = self.value(raw)
                if isinstance(body, Map):
                    self._function(name, body, functions.at[name], path)
                else:
                    self.made.open = True
        self._warmed()
        _of_rest_apis(self.provider, self.made)
        serverless_machines.add(self.document, self.value, self._beside, self.made)
        return self.made

    def _warmed(self) -> None:
        """What the plugin that keeps functions warm is told."""
        custom = self.document.get("custom")
        if isinstance(custom, Map) and "warmup" in custom and "warmup" in str(self.document.get("plugins", "")):
            self.made.shared.put("warmup", self.value(custom["warmup"]), custom.at["warmup"])

    def value(self, value: Any, depth: int = 0) -> Any:
        """A value with its variables resolved; those that need the world are unknown."""
        self.spent += 1
        if depth > MOST_HOPS or self.spent > MOST_VALUES:
            return Unknown("a variable that names itself")
        if isinstance(value, str):
            return self._text(value, depth) if "${" in value else value
        if isinstance(value, Map | Seq):
            return each(value, lambda inner: self.value(inner, depth))
        return value

    def _text(self, value: str, depth: int) -> Any:
        whole = _VARIABLE.fullmatch(value)
        if whole and _KNOWN_SOURCE.match(whole[1]):
            return self._variable(whole[1], depth)
        nested = re.fullmatch(r"\$\{(.*)\}", value, re.S)
        if (
            nested
            and _one(value)
            and _KNOWN_SOURCE.match(nested[1])
            and "${" in nested[1]
            and _VARIABLE.sub("", value) != value
        ):
            return self._nested(nested[1], value, depth)
        parts: list[Any] = []
        last = 0
        for match in _VARIABLE.finditer(value):
            if _KNOWN_SOURCE.match(match[1]):
                found = self._variable(match[1], depth)
                known = isinstance(found, str | int | float) and not isinstance(found, bool)
                parts.extend([value[last : match.start()], str(found) if known else Unknown(match[1])])
                last = match.end()
        joined = text([*parts, value[last:]])
        return joined if "${" not in str(joined) or parts else value

    def _nested(self, inner: str, value: str, depth: int) -> Any:
        """`${self:custom.${opt:stage}}`: resolved from inside out, unknown when an inner one is."""
        settled = _VARIABLE.sub(lambda match: self._inline(match, depth), "${" + inner + "}")
        return Unknown(value) if settled == value or "?unknown?" in settled else self.value(settled, depth + 1)

    def _inline(self, match: re.Match[str], depth: int) -> str:
        found = self._variable(match[1], depth) if _KNOWN_SOURCE.match(match[1]) else None
        return str(found) if isinstance(found, str | int | float) else "?unknown?"

    def _variable(self, source: str, depth: int) -> Any:
        """One variable. A default counts only when what it stands in for certainly is not there."""
        first, *defaults = [part.strip() for part in source.split(",")]
        if first.startswith("self:"):
            found = self._own(first[5:], depth)
            if found is not None:
                return found
            return self._default(defaults[0], depth) if defaults else Unknown(source)
        if first.startswith("file("):
            return self._file(first, depth)
        return Unknown(source)

    def _default(self, value: str, depth: int) -> Any:
        if _KNOWN_SOURCE.match(value) and ":" in value:
            return self._variable(value, depth + 1)
        plain = value.strip("'\"")
        return int(plain) if plain.isdigit() and value == plain else plain

    def _own(self, dotted: str, depth: int) -> Any:
        value: Any = self.document
        for key in filter(None, dotted.split(".")):
            if isinstance(value, str):
                value = self.value(value, depth + 1)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, Map) and key in value:
                value = value[key]
            else:
                return None
        return self.value(value, depth + 1)

    def _file(self, source: str, depth: int) -> Any:
        match = re.fullmatch(r"file\(([^)]+)\)(?::(.*))?", source)
        if match is None or not match[1].strip().endswith((".yml", ".yaml", ".json")):
            return Unknown(source)
        try:
            value = self.load(match[1].strip().strip("'\""))
        except NotRead:
            return Unknown(source)
        for key in filter(None, (match[2] or "").split(".")):
            value = value.get(key) if isinstance(value, Map) else None
        return Unknown(source) if value is None else self.value(value, depth + 1)

    def _functions(self) -> Iterator[tuple[str, Map]]:
        """Maps of functions, each with the file that it stands in."""
        value = self.document.get("functions")
        for one in value if isinstance(value, Seq) else [value]:
            path = self.path
            match = re.fullmatch(r"\$\{file\(([^)]+)\)\}", one.strip()) if isinstance(one, str) else None
            if match is not None:
                path = self._beside(match[1].strip())
            found = self.value(one) if isinstance(one, str) else one
            if isinstance(found, Map):
                yield path, found
            elif one is not None:
                self.made.open = True
                self.made.unread.append(
                    f"its functions are made by {one}" if isinstance(one, str) else "of its functions"
                )

    def _beside(self, name: str) -> str:
        folder = self.path.rpartition("/")[0]
        parts: list[str] = folder.split("/") if folder else []
        for part in name.strip("'\"").split("/"):
            if part == ".." and parts:
                parts.pop()
            elif part not in (".", ""):
                parts.append(part)
        return "/".join(parts)

    def _resources(self) -> None:
        value = self.document.get("resources")
        resolver = Resolver(Map())
        for one in value if isinstance(value, Seq) else [value]:
            path = self.path
            match = re.fullmatch(r"\$\{file\(([^)]+)\)\}", one.strip()) if isinstance(one, str) else None
            if match is not None:
                path = self._beside(match[1].strip())
            found = self.value(one)
            inner = found.get("Resources") if isinstance(found, Map) else None
            if isinstance(inner, Map) and is_template(found):
                for id_, body in inner.items():
                    self._resource(id_, resolver.value(body), inner.at[id_], path)
            elif one is not None:
                self.made.open = True

    def _resource(self, id_: str, body: Any, span: Span, path: str) -> None:
        if isinstance(body, Map) and isinstance(body.get("Type"), str):
            properties = body.get("Properties")
            properties = properties if isinstance(properties, Map) else Map(span)
            self.made.resources[id_] = Resource(id_, body["Type"], properties, path, span)

    def _function(self, name: str, body: Map, span: Span, path: str) -> None:
        properties = Map(span)
        for source, settings in ((self.provider, False), (body, True)):
            for old, new in _SETTINGS.items():
                if old in source and (settings or old not in ("name", "handler", "role")):
                    at = source.at[old]
                    properties.put(new, Resolver(Map()).value(source[old]), at)
        for key, default in _DEFAULTS.items():
            if key not in properties:
                properties.put(key, default, span)
        self._nested_settings(properties, body)
        self._events(properties, body)
        resource = Resource(name, SAM_FUNCTION, properties, path, span)
        resource.extra.put("framework", "serverless", span)
        if "dotenv" in str(self.document.get("plugins", "")) or self.document.get("useDotenv") is True:
            resource.extra.put("dotenv", True, span)
        if _BUNDLERS.search(str(self.document.get("plugins", ""))) or "build" in self.document:
            resource.extra.put("bundled", True, span)
        resource.extra.put("folder", self._folder(path), span)
        self._image(resource, body)
        self.made.resources[name] = resource
        self.made.aliases[_logical(name)] = name
        self._log_group(name, body, span, path)

    def _image(self, resource: Resource, body: Map) -> None:
        """The build of an image that the function names among `provider.ecr.images`."""
        given = body.get("image")
        ecr = self.provider.get("ecr")
        images = ecr.get("images") if isinstance(ecr, Map) else None
        name = given.get("name") if isinstance(given, Map) else given
        build = images.get(name) if isinstance(images, Map) and isinstance(name, str) else None
        if isinstance(build, Map):
            resource.extra.put("image", build, body.at["image"])
        if isinstance(given, Map) and "command" in given:
            _wrap(resource.properties, ("ImageConfig", "Command"), given["command"], given.at["command"])

    def _folder(self, path: str) -> str:
        """The service's folder as seen from the file that a function stands in."""
        ups = path.count("/") - self.path.count("/")
        return "/".join([".."] * ups) if ups > 0 else "."

    def _nested_settings(self, properties: Map, body: Map) -> None:
        resolver = Resolver(Map())
        variables: Any = Map(body.span)
        for source in (self.provider, body):
            given = resolver.value(source.get("environment"))
            if isinstance(given, Map) and isinstance(variables, Map):
                variables = given.over(variables)
            elif given is not None:
                variables = UNKNOWN
            if given is not None:
                _wrap(properties, ("Environment", "Variables"), variables, source.at["environment"])
            for old, keys in (
                ("vpc", ("VpcConfig",)),
                ("onError", ("DeadLetterConfig", "TargetArn")),
                ("ephemeralStorageSize", ("EphemeralStorage", "Size")),
                ("provisionedConcurrency", ("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions")),
                ("url", ("FunctionUrlConfig",)),
                ("destinations", ("EventInvokeConfig", "DestinationConfig")),
            ):
                if old in source and source[old] not in (None, False, "~"):
                    _wrap(
                        properties, keys, _translated(old, resolver.value(source[old]), source.at[old]), source.at[old]
                    )
        tracing = self.provider.get("tracing")
        if tracing is True or (isinstance(tracing, Map) and tracing.get("lambda") not in (None, False)):
            _wrap(properties, ("TracingConfig", "Mode"), "Active", self.provider.at["tracing"])
        self._permissions(properties, body)

    def _permissions(self, properties: Map, body: Map) -> None:
        """The role's statements as SAM's Policies; a role of one's own, or a plugin's per function, is unknown."""
        plugins = str(self.document.get("plugins", "")) + str("constructs" in self.document)
        if (
            "lift" in plugins
            or "iam-roles" in plugins
            or "role" in body
            or "iamRoleStatements" in body
            or isinstance(self.provider.get("role"), str | Unknown | Map)
        ):
            if "Role" not in properties:
                properties.put("Role", Unknown("role"), body.span)
            return
        iam = self.provider.get("iam")
        role = iam.get("role") if isinstance(iam, Map) else None
        statements = role.get("statements") if isinstance(role, Map) else self.provider.get("iamRoleStatements")
        if (role is not None and not isinstance(role, Map)) or (isinstance(role, Map) and "managedPolicies" in role):
            properties.put("Role", Unknown("role"), body.span)
            return
        statements = Resolver(Map()).value(statements)
        if isinstance(statements, Seq):
            document = Map(statements.span)
            document.put("Statement", statements, statements.span)
            policies = Seq(statements.span)
            policies.put(document, statements.span)
            properties.put("Policies", policies, statements.span)
        elif statements is not None:
            properties.put("Role", Unknown("role"), body.span)

    def _events(self, properties: Map, body: Map) -> None:
        events = body.get("events")
        if not isinstance(events, Seq):
            return
        made = Map(events.span)
        for index, (event, span) in enumerate(zip(events, events.at, strict=True)):
            if isinstance(event, Map) and len(event) >= 1:
                kind, settings = next(iter(event.items()))
                made.put(f"{kind}{index}", _event(kind, Resolver(Map()).value(settings), span), span)
            elif isinstance(event, str):
                made.put(f"{event}{index}", _event(event, None, span), span)
        properties.put("Events", made, body.at["events"])

    def _log_group(self, name: str, body: Map, span: Span, path: str) -> None:
        source = body if "logRetentionInDays" in body else self.provider
        if "logRetentionInDays" in source:
            properties = Map(span)
            properties.put("LogGroupName", text(["/aws/lambda/", Ref(name)]), span)
            properties.put("RetentionInDays", source["logRetentionInDays"], source.at["logRetentionInDays"])
            self.made.resources[f"{name}.logs"] = Resource(
                f"{name}.logs", "AWS::Logs::LogGroup", properties, path, span
            )


def _one(value: str) -> bool:
    """Whether a text is one variable from its first to its last letter."""
    depth = 0
    for at, letter in enumerate(value):
        depth += value.startswith("${", at) - (letter == "}")
        if depth == 0 and letter == "}" and at < len(value) - 1:
            return False
    return True


def _logical(name: str) -> str:
    """The logical id that the framework gives a function."""
    cleaned = name.replace("-", "Dash").replace("_", "Underscore")
    return f"{cleaned[:1].upper()}{cleaned[1:]}LambdaFunction"


def _wrap(properties: Map, keys: tuple[str, ...], value: Any, span: Span) -> None:
    for key in reversed(keys[1:]):
        outer = Map(span)
        outer.put(key, value, span)
        value = outer
    properties.put(keys[0], value, span)


def _translated(old: str, value: Any, span: Span) -> Any:
    if old == "url":
        made = Map(span)
        auth = value.get("authorizer") if isinstance(value, Map) else None
        made.put("AuthType", "AWS_IAM" if auth == "aws_iam" else "NONE", span)
        return made
    if old == "vpc" and isinstance(value, Map):
        made = Map(span)
        for key, name in (("subnetIds", "SubnetIds"), ("securityGroupIds", "SecurityGroupIds")):
            if key in value:
                made.put(name, value[key], value.at[key])
        return made
    if old == "destinations" and isinstance(value, Map):
        made = Map(span)
        for key, name in (("onFailure", "OnFailure"), ("onSuccess", "OnSuccess")):
            if key in value:
                inner = Map(value.at[key])
                inner.put("Destination", value[key], value.at[key])
                made.put(name, inner, value.at[key])
        return made
    return value


def _event(kind: str, settings: Any, span: Span) -> Map:
    made = Map(span)
    type_ = _stream_type(settings) if kind == "stream" else _EVENTS.get(kind, kind)
    made.put("Type", type_, span)
    properties = Map(span)
    source_key = {"SQS": "Queue", "Kinesis": "Stream", "DynamoDB": "Stream", "SNS": "Topic", "S3": "Bucket"}.get(
        type_, ""
    )
    if isinstance(settings, Map):
        for key, value in settings.items():
            if key == "arn" and source_key:
                properties.put(source_key, value, settings.at[key])
            elif key == "functionResponseType":
                listed = Seq(settings.at[key])
                listed.put(value, settings.at[key])
                properties.put("FunctionResponseTypes", listed, settings.at[key])
            elif key == "maximumConcurrency":
                _wrap(properties, ("ScalingConfig", "MaximumConcurrency"), value, settings.at[key])
            elif key == "destinations":
                _wrap(properties, ("DestinationConfig",), _translated(key, value, settings.at[key]), settings.at[key])
            else:
                properties.put(_MAPPING.get(key, key), value, settings.at[key])
    elif settings is not None and source_key:
        properties.put(source_key, settings, span)
    elif type_ == "Schedule":
        properties.put("Schedule", settings, span)
    made.put("Properties", properties, span)
    return made


def _stream_type(settings: Any) -> str:
    kind = settings.get("type") if isinstance(settings, Map) else None
    if kind in ("kinesis", "dynamodb"):
        return "Kinesis" if kind == "kinesis" else "DynamoDB"
    arn = settings.get("arn") if isinstance(settings, Map) else settings
    return (
        "Kinesis" if isinstance(arn, str) and ":kinesis:" in arn else "DynamoDB" if "dynamodb" in str(arn) else "stream"
    )
