"""PutBucketNotificationConfiguration and GetBucketNotificationConfiguration.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html (which rules overlap)
"""

import itertools
import re
import secrets
from collections.abc import Mapping
from typing import Any

from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.objects import errors, notices
from lambent.objects.buckets import Bucket
from lambent.services.s3 import bodies
from lambent.services.s3.env import Call
from lambent.store.objects import Change, Item

EVENTS = frozenset(
    {
        *("s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy"),
        *("s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete"),
        *("s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectTagging:*", "s3:ObjectTagging:Put"),
        *("s3:ObjectTagging:Delete", "s3:ObjectAcl:Put", "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete"),
        *("s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ReducedRedundancyLostObject"),
    }
)
"""Those that may happen here, and one that never does."""
ELSEWHERE = re.compile(
    r"s3:(ObjectRestore|Replication|LifecycleTransition|IntelligentTiering|ObjectAnnotation|TestEvent)(:.*)?"
)
SERVICES = {"LambdaFunctionConfigurations": "lambda", "QueueConfigurations": "sqs", "TopicConfigurations": "sns"}
UNREACHABLE = "notification-unreachable"
HINT = "create the destination, let s3.amazonaws.com in by its policy, then put the configuration again"
UNABLE = "Unable to validate the following destination configurations"


async def put_notification(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Where events go from now on. Queues and topics get a test event."""
    bucket = call.bucket(caller, params, "s3:PutBucketNotification")
    bodies.check_document(call)
    said = _read(params.get("NotificationConfiguration") or {})
    _check_overlaps(said)
    wrong = await _unreachable(call, caller, bucket, said)
    if wrong and not params.get("SkipDestinationValidation"):
        raise errors.ObjectError("InvalidArgument", UNABLE, 400, _named(wrong))
    _tell(call, bucket, wrong)
    await call.env.registry.put(bucket, notices.SETTING, said or None)
    if not params.get("SkipDestinationValidation"):
        tests, asker = call.env.objects.notices.tests, call.asker(caller)
        await call.env.objects.store.write(Item(lambda _view: (Change(notices=tests(bucket, said, asker)), None)))
    return {}


async def get_notification(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What was put."""
    return dict(call.bucket(caller, params, "s3:GetBucketNotification").settings.get(notices.SETTING) or {})


def _read(said: Mapping[str, Any]) -> dict[str, Any]:
    """With an id for each that has none. Raises ObjectError."""
    found: dict[str, Any] = {}
    for kind, member in notices.KINDS.items():
        rules = [_rule(kind, member, one) for one in said.get(kind) or ()]
        if rules:
            found[kind] = rules
    if said.get("EventBridgeConfiguration") is not None:
        found["EventBridgeConfiguration"] = {}
    ids = [one["Id"] for kind in notices.KINDS for one in found.get(kind, ())]
    if len(set(ids)) != len(ids):
        raise errors.invalid("Configuration Ids must be unique")  # our wording
    return found


def _rule(kind: str, member: str, said: Mapping[str, Any]) -> dict[str, Any]:
    arn, events = str(said.get(member) or ""), list(said.get("Events") or ())
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != SERVICES[kind]:
        raise errors.invalid("The ARN could not be parsed", member, arn)
    if arn.endswith(".fifo"):
        text = f"{UNABLE}"
        raise errors.invalid(text, arn, "FIFO queues and topics can't be destinations of notifications")
    if not events:
        raise errors.malformed()
    for event in events:
        if ELSEWHERE.fullmatch(event):
            raise errors.unbuilt(f"notifications of {event}")
        if event not in EVENTS:
            raise errors.invalid("A specified event is not supported for notifications.", "Event", event)
    rules = ((said.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    names = [str(rule.get("Name")).lower() for rule in rules]
    if any(name not in ("prefix", "suffix") for name in names):
        raise errors.invalid("filter rule name must be either prefix or suffix", "FilterRule.Name", names)
    if len(set(names)) != len(names):
        raise errors.invalid(f"Cannot specify more than one {names[0]} rule in a filter.", "FilterRule.Name", names)
    rule: dict[str, Any] = {"Id": said.get("Id") or secrets.token_urlsafe(36), member: arn, "Events": events}
    if rules:
        kept = [{"Name": one["Name"].capitalize(), "Value": one.get("Value") or ""} for one in rules]
        rule["Filter"] = {"Key": {"FilterRules": kept}}
    return rule


def _check_overlaps(said: Mapping[str, Any]) -> None:
    """No key and event may be told to two destinations."""
    rules = [one for kind in notices.KINDS for one in said.get(kind, ())]
    for one, other in itertools.combinations(rules, 2):
        if not any(_meet(a, b) for a in one["Events"] for b in other["Events"]):
            continue
        (prefix, suffix), (other_prefix, other_suffix) = notices.filters(one), notices.filters(other)
        prefixes = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
        suffixes = suffix.endswith(other_suffix) or other_suffix.endswith(suffix)
        if prefixes and suffixes:
            text = (
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )
            if not suffix and not other_suffix:
                text = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            raise errors.invalid(text)


def _meet(one: str, other: str) -> bool:
    return one == other or any(a.endswith(":*") and b.startswith(a[:-1]) for a, b in ((one, other), (other, one)))


async def _unreachable(call: Call, caller: Caller, bucket: Bucket, said: Mapping[str, Any]) -> dict[str, str]:
    """The destinations that nothing can be sent to, and why."""
    arns = [one[member] for kind, member in notices.KINDS.items() for one in said.get(kind, ())]
    found = {arn: await call.env.check_destination(caller, bucket, arn) for arn in dict.fromkeys(arns)}
    return {arn: why for arn, why in found.items() if why}


def _named(wrong: Mapping[str, str]) -> dict[str, object]:
    """All of them are named in one error, a function with ", null" behind it as AWS does."""
    members: dict[str, object] = {}
    for place, (arn, why) in enumerate(wrong.items(), 1):
        members[f"ArgumentName{place}"] = f"{arn}, null" if arn.split(":")[2] == "lambda" else arn
        members[f"ArgumentValue{place}"] = why
    return members


def _tell(call: Call, bucket: Bucket, wrong: Mapping[str, str]) -> None:
    """AWS stores with SkipDestinationValidation whatever it is told, and says nothing when nothing arrives."""
    call.env.withdraw(bucket.arn, UNREACHABLE)
    if wrong:
        text = "; ".join(f"{arn}: {why}" for arn, why in wrong.items())
        message = f"the destinations of its notifications were not validated, and nothing arrives there: {text}"
        call.env.report(Finding(UNREACHABLE, bucket.arn, message, HINT))
