"""The events of serverless.yml in SAM's words, the APIs that they share, and the rights that they need.

Source: https://www.serverless.com/framework/docs/providers/aws/guide/events
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.cli.errors import USAGE, CliError

REST, HTTP = "ApiGatewayRestApi", "HttpApi"
HEADERS = (
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
)
"""What the framework lets pages send."""
MAPPING = {
    "batchSize": "BatchSize",
    "maximumBatchingWindow": "MaximumBatchingWindowInSeconds",
    "batchWindow": "MaximumBatchingWindowInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "startingPosition": "StartingPosition",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "parallelizationFactor": "ParallelizationFactor",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
    "enabled": "Enabled",
}
QUEUE_RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM_RIGHTS = (
    "GetRecords",
    "GetShardIterator",
    "DescribeStream",
    "DescribeStreamSummary",
    "ListShards",
    "ListStreams",
)


@dataclass(slots=True)
class Apis:
    """The service's APIs, as its functions' events need them."""

    rest: bool = False
    http: bool = False
    crossed: dict[str, Any] | None = None
    authorizers: dict[str, Any] = field(default_factory=dict)

    def resources(self, name: str, stage: str, provider: Mapping[str, Any]) -> dict[str, Any]:
        """AWS::Serverless::Api and HttpApi."""
        made: dict[str, Any] = {}
        if self.rest:
            properties = {"Name": provider.get("apiName") or name, "StageName": stage}
            if self.crossed is not None:
                properties["Cors"] = _rest_cors(self.crossed)
            if self.authorizers:
                properties["Auth"] = {"Authorizers": self.authorizers, "AddDefaultAuthorizerToCorsPreflight": False}
            made[REST] = {"Type": "AWS::Serverless::Api", "Properties": properties}
        if self.http:
            said = provider.get("httpApi") or {}
            properties = {"Name": said.get("name") or name}
            if said.get("cors"):
                properties["CorsConfiguration"] = cors(said["cors"] if isinstance(said["cors"], dict) else {})
            made[HTTP] = {"Type": "AWS::Serverless::HttpApi", "Properties": properties}
        return made

    def outputs(self, stage: str) -> dict[str, Any]:
        """What the framework puts out."""
        host = "execute-api.${AWS::Region}.${AWS::URLSuffix}"
        rest = {"ServiceEndpoint": {"Value": {"Fn::Sub": f"https://${{{REST}}}.{host}/{stage}"}}}
        http = {"HttpApiUrl": {"Value": {"Fn::Sub": f"https://${{{HTTP}}}.{host}"}}}
        return {**(rest if self.rest else {}), **(http if self.http else {})}


@dataclass(slots=True)
class Made:
    """What one function's events become."""

    apis: Apis
    function: str
    events: dict[str, Any] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    rights: list[dict[str, Any]] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, properties: Mapping[str, Any]) -> None:
        """One event of SAM."""
        kept = {name: one for name, one in properties.items() if one is not None}
        self.events[f"{kind}{len(self.events) + 1}"] = {"Type": kind, "Properties": kept}

    def allow(self, actions: list[str], resource: Any) -> None:
        """The function's role may do that."""
        self.rights.append({"Effect": "Allow", "Action": actions, "Resource": resource})


def read(name: str, said: list[Any], apis: Apis, logical_id: str) -> tuple[dict[str, Any], list[str], list[Any], Any]:
    """The events of a function: in SAM's words, what it depends on, rights, resources beside. Raises CliError."""
    made = Made(apis, logical_id)
    for one in said:
        kind, settings = next(iter(one.items())) if isinstance(one, dict) else (str(one), None)
        reader = READERS.get(kind)
        if reader is None:
            raise CliError(
                f"function {name}: the event {kind} is not read by Lambent: deploy with the framework", USAGE
            )
        reader(made, settings)
    return made.events, made.needs, made.rights, made.resources


def _of(said: Any, known: tuple[str, ...], kind: str) -> dict[str, Any]:
    """Settings that are all read. Raises CliError."""
    left = sorted(set(said) - set(known))
    if left:
        raise CliError(f"event {kind}: {', '.join(left)}: not read by Lambent: deploy with the framework", USAGE)
    return dict(said)


def _route(said: Any) -> dict[str, Any]:
    if isinstance(said, str):
        method, _, path = said.partition(" ")
        return {"method": method, "path": path or "*"}
    return dict(said)


def _http(made: Made, said: Any) -> None:
    found = _of(_route(said), ("path", "method", "cors", "authorizer", "integration"), "http")
    if found.get("integration", "lambda-proxy").lower() not in ("lambda-proxy", "lambda_proxy"):
        raise CliError("event http: integrations other than lambda-proxy are not read by Lambent", USAGE)
    made.apis.rest = True
    if found.get("cors"):
        made.apis.crossed = found["cors"] if isinstance(found["cors"], dict) else {}
    method = "any" if found["method"] == "*" else str(found["method"]).lower()
    properties = {"RestApiId": {"Ref": REST}, "Path": "/" + str(found["path"]).strip("/"), "Method": method}
    if found.get("authorizer"):
        properties["Auth"] = {"Authorizer": _authorizer(made, found["authorizer"])}
    made.add("Api", properties)


def _authorizer(made: Made, said: Any) -> str:
    if (said.get("type") if isinstance(said, dict) else said) in ("aws_iam", "AWS_IAM"):
        return "AWS_IAM"
    of = _of(
        {"name": said} if isinstance(said, str) else said,
        ("name", "arn", "type", "identitySource", "resultTtlInSeconds", "identityValidationExpression"),
        "http",
    )
    name = of.get("name") or "authorizer"
    function = f"{name.replace('-', 'Dash').replace('_', 'Underscore')}LambdaFunction"
    arn = of.get("arn") or {"Fn::GetAtt": [function[:1].upper() + function[1:], "Arn"]}
    if ":cognito-idp:" in str(arn) or of.get("type") == "COGNITO_USER_POOLS":
        made.apis.authorizers[name] = {"UserPoolArn": arn}
        return str(name)
    identity: dict[str, Any] = {"ReauthorizeEvery": of.get("resultTtlInSeconds", 300)}
    kind = "REQUEST" if str(of.get("type", "token")).lower() == "request" else "TOKEN"
    header = str(of.get("identitySource", "method.request.header.Authorization")).rpartition(".")[2]
    identity |= {"Headers": [header]} if kind == "REQUEST" else {"Header": header}
    made.apis.authorizers[name] = {"FunctionArn": arn, "FunctionPayloadType": kind, "Identity": identity}
    return str(name)


def _http_api(made: Made, said: Any) -> None:
    found = _of({} if said == "*" else _route(said), ("path", "method"), "httpApi")
    made.apis.http = True
    properties: dict[str, Any] = {"ApiId": {"Ref": HTTP}}
    if found and (found["path"], found.get("method", "*")) != ("*", "*"):
        method = str(found.get("method") or "any").lower()
        properties |= {"Path": "/" + str(found["path"]).lstrip("/"), "Method": "any" if method == "*" else method}
    made.add("HttpApi", properties)


def _sqs(made: Made, said: Any) -> None:
    found = _of(
        said if _is_settings(said) else {"arn": said},
        ("arn", *MAPPING, "functionResponseType", "filterPatterns", "maximumConcurrency"),
        "sqs",
    )
    made.add("SQS", {"Queue": found["arn"], **_mapping(found)})
    made.allow([*QUEUE_RIGHTS], found["arn"])


def _stream(made: Made, said: Any) -> None:
    found = _of(
        said if _is_settings(said) else {"arn": said},
        ("arn", "type", *MAPPING, "functionResponseType", "filterPatterns", "destinations"),
        "stream",
    )
    kinesis = found.get("type") == "kinesis" or ":kinesis:" in str(found["arn"])
    properties = {"Stream": found["arn"], "StartingPosition": "TRIM_HORIZON", **_mapping(found)}
    failed = (found.get("destinations") or {}).get("onFailure")
    if failed:
        to = failed["arn"] if isinstance(failed, dict) and "arn" in failed else failed
        properties["DestinationConfig"] = {"OnFailure": {"Destination": to}}
    made.add("Kinesis" if kinesis else "DynamoDB", properties)
    made.allow([f"{'kinesis' if kinesis else 'dynamodb'}:{one}" for one in STREAM_RIGHTS], found["arn"])


def _mapping(said: Mapping[str, Any]) -> dict[str, Any]:
    made = {MAPPING[key]: one for key, one in said.items() if key in MAPPING}
    if "functionResponseType" in said:
        made["FunctionResponseTypes"] = [said["functionResponseType"]]
    if "filterPatterns" in said:
        import json

        made["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(one)} for one in said["filterPatterns"]]}
    if "maximumConcurrency" in said:
        made["ScalingConfig"] = {"MaximumConcurrency": said["maximumConcurrency"]}
    return made


def _sns(made: Made, said: Any) -> None:
    found = _of(
        said if _is_settings(said) else {"arn" if _is_arn(said) else "topicName": said},
        ("arn", "topicName", "displayName", "filterPolicy", "filterPolicyScope"),
        "sns",
    )
    topic = found.get("arn")
    if topic is None:
        name = f"SNSTopic{_letters(found['topicName'])}"
        about = {"TopicName": found["topicName"], "DisplayName": found.get("displayName")}
        made.resources[name] = {"Type": "AWS::SNS::Topic", "Properties": {k: v for k, v in about.items() if v}}
        topic = {"Ref": name}
    made.add(
        "SNS",
        {
            "Topic": topic,
            "FilterPolicy": found.get("filterPolicy"),
            "FilterPolicyScope": found.get("filterPolicyScope"),
        },
    )


def _s3(made: Made, said: Any) -> None:
    found = _of(said if isinstance(said, dict) else {"bucket": said}, ("bucket", "event", "rules"), "s3")
    name = f"S3Bucket{_letters(str(found['bucket']))}"
    made.resources[name] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": found["bucket"]}}
    rules = [{"Name": key, "Value": one} for rule in found.get("rules") or [] for key, one in rule.items()]
    made.add(
        "S3",
        {
            "Bucket": {"Ref": name},
            "Events": found.get("event") or "s3:ObjectCreated:*",
            "Filter": {"S3Key": {"Rules": rules}} if rules else None,
        },
    )


def _schedule(made: Made, said: Any) -> None:
    found = _of(
        said if isinstance(said, dict) and "rate" in said else {"rate": said},
        ("rate", "enabled", "input", "name", "description", "method", "timezone"),
        "schedule",
    )
    rates = found["rate"] if isinstance(found["rate"], list) else [found["rate"]]
    scheduler = found.get("method") == "scheduler" or "timezone" in found
    for rate in rates:
        about = {
            "Schedule" if not scheduler else "ScheduleExpression": rate,
            "Input": _json(found.get("input")),
            "Name": found.get("name"),
            "Description": found.get("description"),
        }
        if found.get("enabled") is False:
            about["State"] = "DISABLED"
        if "timezone" in found:
            about["ScheduleExpressionTimezone"] = found["timezone"]
        made.add("ScheduleV2" if scheduler else "Schedule", about)


def _event_bridge(made: Made, said: Any) -> None:
    found = _of(
        said,
        ("pattern", "event", "schedule", "eventBus", "input", "inputPath", "name", "description", "enabled"),
        "eventBridge",
    )
    if "schedule" in found:
        made.add("Schedule", {"Schedule": found["schedule"], "Input": _json(found.get("input"))})
        return
    made.add(
        "EventBridgeRule",
        {
            "Pattern": found.get("pattern") or found.get("event"),
            "EventBusName": found.get("eventBus"),
            "Input": _json(found.get("input")),
            "InputPath": found.get("inputPath"),
            "State": "DISABLED" if found.get("enabled") is False else None,
        },
    )


def _logs(made: Made, said: Any) -> None:
    found = _of(said if isinstance(said, dict) else {"logGroup": said}, ("logGroup", "filter"), "cloudwatchLog")
    made.add("CloudWatchLogs", {"LogGroupName": found["logGroup"], "FilterPattern": found.get("filter", "")})


def _user_pool(made: Made, said: Any) -> None:
    found = _of(said, ("pool", "trigger"), "cognitoUserPool")
    name = f"CognitoUserPool{_letters(str(found['pool']))}"
    made.resources[name] = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": found["pool"]}}
    made.add("Cognito", {"UserPool": {"Ref": name}, "Trigger": found["trigger"]})


READERS: Mapping[str, Callable[[Made, Any], None]] = {
    "http": _http,
    "httpApi": _http_api,
    "sqs": _sqs,
    "stream": _stream,
    "sns": _sns,
    "s3": _s3,
    "schedule": _schedule,
    "eventBridge": _event_bridge,
    "cloudwatchEvent": _event_bridge,
    "cloudwatchLog": _logs,
    "cognitoUserPool": _user_pool,
}


def cors(said: Mapping[str, Any]) -> dict[str, Any]:
    """CORS of an HTTP API or a function URL: everything, where nothing is said."""
    of = {
        "AllowOrigins": ("allowedOrigins", ["*"]),
        "AllowHeaders": ("allowedHeaders", [*HEADERS]),
        "AllowMethods": ("allowedMethods", ["*"]),
    }
    made = {name: said.get(key, default) for name, (key, default) in of.items()}
    more = {"AllowCredentials": "allowCredentials", "ExposeHeaders": "exposedResponseHeaders", "MaxAge": "maxAge"}
    return {**made, **{name: said[key] for name, key in more.items() if key in said}}


def _rest_cors(said: Mapping[str, Any]) -> dict[str, Any]:
    origin = said.get("origin") or ",".join(said.get("origins") or ["*"])
    made: dict[str, Any] = {
        "AllowOrigin": f"'{origin}'",
        "AllowHeaders": f"'{','.join(said.get('headers') or HEADERS)}'",
        "AllowMethods": "'OPTIONS,GET,POST,PUT,PATCH,DELETE'",
    }
    if said.get("allowCredentials"):
        made["AllowCredentials"] = True
    return made


def _is_settings(said: Any) -> bool:
    return isinstance(said, dict) and ("arn" in said or "topicName" in said)


def _is_arn(said: Any) -> bool:
    return isinstance(said, dict) or str(said).startswith("arn:")


def _letters(said: str) -> str:
    """As the framework makes logical ids of names."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]", said))


def _json(said: Any) -> str | None:
    import json

    return said if said is None or isinstance(said, str) else json.dumps(said)
