"""What is said of rules that never see what they are for."""

from collections.abc import Callable
from typing import Any

from lambent.buses.registry import Rule
from lambent.model.finding import Finding
from lambent.services.events.env import Withdraw

HERE = frozenset({"aws.s3", "aws.events", "aws.cloudwatch", "aws.states"})
"""The services of AWS that put events here."""
UNSEEN = "rule-without-events"
BY_TRAIL = "AWS API Call via CloudTrail"


def tell(report: Callable[[Finding], None], withdraw: Withdraw, rule: Rule) -> None:
    """Report what is so of a rule now, and take back what was."""
    withdraw(rule.arn, UNSEEN)
    pattern = rule.pattern or {}
    if BY_TRAIL in _texts(pattern.get("detail-type")):
        report(Finding(UNSEEN, rule.arn, "It is for calls that CloudTrail records: Lambent puts no such events yet."))
        return
    sources = _texts(pattern.get("source"))
    if sources and all(one.startswith("aws.") for one in sources) and not HERE & set(sources):
        text = f"It is for events of {', '.join(sources)}: here only {' and '.join(sorted(HERE))} put events."
        report(Finding(UNSEEN, rule.arn, text))


def _texts(rules: Any) -> list[str]:
    """The values of a leaf, if they are all it says."""
    return rules if isinstance(rules, list) and all(isinstance(one, str) for one in rules) else []
