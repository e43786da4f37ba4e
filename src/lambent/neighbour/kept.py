"""What moto takes and keeps to itself: it would answer that functions are called, messages sent, logs written, and none
would. Refused by name, until Lambent does it.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lambent.neighbour.request_model import Asked
from lambent.wire.fault import Fault

Params = Mapping[str, Any]
_REACHES = re.compile(r":(lambda|sns|sqs|logs):|lambda:path/|FunctionName|AWS_LAMBDA")


def _reaches(value: Any) -> bool:
    """Whether a function, topic, queue or log group is named in it."""
    return _REACHES.search(_text(value)) is not None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, default=lambda one: _text(one) if isinstance(one, bytes) else str(one))


def _names(*members: str) -> Callable[[Params], bool]:
    return lambda params: any(_reaches(params[name]) for name in members if params.get(name))


def _has(*members: str) -> Callable[[Params], bool]:
    return lambda params: any(params.get(name) for name in members)


def _flow_logs(params: Params) -> bool:
    return str(params.get("LogDestinationType", "cloud-watch-logs")) == "cloud-watch-logs"


def _custom_rule(params: Params) -> bool:
    return str(params.get("ConfigRule", {}).get("Source", {}).get("Owner", "")).startswith("CUSTOM_LAMBDA")


def _mail_topic(params: Params) -> bool:
    return bool((params.get("EventDestination") or {}).get("SNSDestination"))


def _senders(params: Params) -> bool:
    config = params.get("LambdaConfig") or {}
    return any(config.get(name) for name in ("CustomSMSSender", "CustomEmailSender", "InboundFederation"))


def _any(_params: Params) -> bool:
    return True


def _unruled(params: Params) -> bool:
    """Transforms and regular expressions of a load balancer's rule, which moto drops or fails at."""
    conditions = [one for one in params.get("Conditions") or () if isinstance(one, Mapping)]
    parts = [part for one in conditions for part in (one, *one.values()) if isinstance(part, Mapping)]
    return bool(params.get("Transforms")) or any("RegexValues" in part for part in parts)


def _mutual(params: Params) -> bool:
    return str((params.get("MutualAuthentication") or {}).get("Mode") or "off") != "off"


RULES = "rules have no transforms and no regular expressions"
SENT = "user pools send no mail and no SMS, by no function either, and nobody comes from another directory"
RECEIPT = "no function is called and no topic told of mail"
JOBS = "no job is run, and none writes logs"
BUCKETS = "nothing of it is read from or written to buckets that are answered here"
DELIVERED = "records are delivered neither to buckets that are answered here nor to HTTP endpoints"
TOPICS = "nothing of it is sent to topics"
KEPT: Mapping[tuple[str, str], tuple[Callable[[Params], bool], str]] = {
    **{("cognito-idp", name): (_senders, SENT) for name in ("CreateUserPool", "UpdateUserPool")},
    ("config", "PutConfigRule"): (_custom_rule, "no function is called to evaluate a rule"),
    **{("ses", name): (_names("Rule"), RECEIPT) for name in ("CreateReceiptRule", "UpdateReceiptRule")},
    ("ses", "SetIdentityNotificationTopic"): (_has("SnsTopic"), TOPICS),
    **{("ses", f"{verb}ConfigurationSetEventDestination"): (_mail_topic, TOPICS) for verb in ("Create", "Update")},
    **{("cloudtrail", name): (_has("SnsTopicName"), TOPICS) for name in ("CreateTrail", "UpdateTrail")},
    **{
        ("textract", f"StartDocument{what}"): (_has("NotificationChannel"), TOPICS)
        for what in ("Analysis", "TextDetection")
    },
    ("athena", "StartQueryExecution"): (_has("ResultConfiguration"), BUCKETS),
    ("batch", "SubmitJob"): (_any, JOBS),
    ("dynamodb", "ExportTableToPointInTime"): (_any, BUCKETS),
    ("dynamodb", "ImportTable"): (_any, BUCKETS),
    ("ec2", "CreateFlowLogs"): (_flow_logs, "no flow logs are written to log groups"),
    ("route53", "CreateQueryLoggingConfig"): (_any, "no queries are logged"),
    **{("elbv2", f"{verb}Rule"): (_unruled, RULES) for verb in ("Create", "Modify")},
    **{
        ("elbv2", f"{verb}Listener"): (_mutual, "clients' certificates are not looked at")
        for verb in ("Create", "Modify")
    },
    **{("firehose", name): (_any, DELIVERED) for name in ("CreateDeliveryStream", "UpdateDestination")},
}
"""(service, operation) as botocore calls them -> whether these parameters are refused, and why."""
_SERVICES = frozenset(service for service, _ in KEPT)


def refuse(asked: Asked) -> None:
    """Raises Fault NotImplementedException (501) for what moto would keep to itself."""
    if asked.service not in _SERVICES:
        return
    refused, reason = KEPT.get((asked.service, asked.operation), (None, ""))
    if refused is not None and refused(asked.params):
        text = f"Lambent does not support this with {asked.service}:{asked.operation} yet: {reason}."
        raise Fault("NotImplementedException", text, status=501)
