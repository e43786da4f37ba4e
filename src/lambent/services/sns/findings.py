"""What is kept and shown, and has no effect: said so, never silently."""

from lambent.model.finding import Finding
from lambent.services.sns.env import SnsEnv
from lambent.topics.attributes import FEEDBACK
from lambent.topics.records import Subscription, Topic
from lambent.topics.subscribing import UNSENT

UNTRACED = (
    "no segments are sent to X-Ray: none of its resource policies (xray:PutResourcePolicy) lets sns.amazonaws.com "
    "call xray:PutTraceSegments"
)

TARGETS = {"sqs": "queue", "lambda": "function"}


def tell_topic(env: SnsEnv, topic: Topic) -> None:
    """Report what has no effect of a topic's attributes, take back what is no longer so."""
    kept = topic.attributes
    key = kept.get("KmsMasterKeyId")
    feedback = ", ".join(sorted(FEEDBACK & kept.keys()))
    untraced = kept.get("TracingConfig") == "Active" and not env.may_trace(topic)
    said = {
        "topic-not-encrypted": f"messages are stored in the clear: KmsMasterKeyId {key} has no effect" if key else "",
        "topic-feedback-not-logged": f"delivery status is not logged: {feedback} has no effect" if feedback else "",
        "topic-not-traced": UNTRACED if untraced else "",
    }
    _tell(env, topic.arn, said)


def tell_subscription(env: SnsEnv, one: Subscription) -> None:
    """The same of a subscription."""
    unsent = one.protocol in UNSENT
    throttled = "throttlePolicy" in one.attributes.get("DeliveryPolicy", "")
    said = {
        "subscription-not-delivered": (
            f"nothing is sent by {one.protocol} here: the subscription of {one.endpoint} stays pending"
            if unsent
            else ""
        ),
        "subscription-not-throttled": "its throttlePolicy has no effect" if throttled else "",
    }
    _tell(env, one.arn, said)


def tell_target(env: SnsEnv, one: Subscription, there: bool) -> None:
    """Report a subscription of what is not there: SNS takes it, and delivers nothing until it is."""
    missing = f"there is no {TARGETS[one.protocol]} {one.endpoint}: nothing is delivered until there is"
    _tell(env, one.arn, {"subscription-target-missing": "" if there else missing})


def _tell(env: SnsEnv, arn: str, said: dict[str, str]) -> None:
    for code, message in said.items():
        if message:
            env.report(Finding(code, arn, message))
        else:
            env.withdraw(arn, code)
