"""How often SNS tries to deliver: delivery policies, and what they come to.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html (phases, bounds, defaults).
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from lambent.model.push import RetryPolicy
from lambent.topics.errors import TopicError

DEFAULT = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
CONTENT_TYPE = "text/plain; charset=UTF-8"
LONGEST = 3_600.0
"""Seconds that retries to a web endpoint may take in all."""
BOUNDS = {
    "minDelayTarget": (1, 3_600),
    "maxDelayTarget": (1, 3_600),
    "numRetries": (0, 100),
    "numMaxDelayRetries": (0, 100),
    "numNoDelayRetries": (0, 100),
    "numMinDelayRetries": (0, 100),
}
FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")
CONTENT_TYPES = frozenset(
    {
        *("text/css", "text/csv", "text/html", "text/plain", "text/xml", "application/atom+xml", "application/json"),
        *("application/octet-stream", "application/soap+xml", "application/x-www-form-urlencoded", "application/xml"),
    }
)

Policy = dict[str, Any]


def managed() -> RetryPolicy:
    """To functions and queues: 3 times at once, 2 a second apart, 10 from 1 to 20 seconds, 100,000 every 20."""
    growing = tuple(round(_between(1.0, 20.0, step, 10, "exponential"), 3) for step in range(10))
    return RetryPolicy(100_015, math.inf, (0.0, 0.0, 0.0, 1.0, 1.0, *growing, 20.0))


def web(retry: Mapping[str, Any]) -> RetryPolicy:
    """To a web endpoint, by its `healthyRetryPolicy`."""
    said = {**DEFAULT, **retry}
    first, smallest, largest = said["numNoDelayRetries"], said["numMinDelayRetries"], said["numMaxDelayRetries"]
    low, high = float(said["minDelayTarget"]), float(said["maxDelayTarget"])
    between = max(said["numRetries"] - first - smallest - largest, 0)
    growing = [_between(low, high, step, between, said["backoffFunction"]) for step in range(between)]
    pauses = (*[0.0] * first, *[low] * smallest, *growing, *[high] * largest)
    return RetryPolicy(1 + len(pauses), LONGEST, pauses)


def _between(low: float, high: float, step: int, steps: int, function: str) -> float:
    """The pause of a step of a phase that goes from `low` to `high`."""
    share = step / (steps - 1) if steps > 1 else 0.0
    if function in {"exponential", "geometric"}:
        return float(low * (high / low) ** share)
    return low + (high - low) * (share**2 if function == "arithmetic" else share)


def of_topic(text: str | None) -> Policy:
    """What a topic's policy comes to: EffectiveDeliveryPolicy."""
    said = (json.loads(text) if text else {}).get("http", {})
    found: Policy = {
        "defaultHealthyRetryPolicy": {**DEFAULT, **_given(said, "defaultHealthyRetryPolicy")},
        "disableSubscriptionOverrides": said.get("disableSubscriptionOverrides") or False,
    }
    if said.get("defaultThrottlePolicy"):
        found["defaultThrottlePolicy"] = said["defaultThrottlePolicy"]
    request = {"headerContentType": CONTENT_TYPE, **_given(said, "defaultRequestPolicy")}
    return {"http": {**found, "defaultRequestPolicy": request}}


def of_subscription(text: str | None, topic: str | None) -> Policy:
    """What a subscription's policy comes to under its topic's."""
    above = of_topic(topic)["http"]
    own: Policy = json.loads(text) if text and not above["disableSubscriptionOverrides"] else {}
    found: Policy = {
        "healthyRetryPolicy": {**above["defaultHealthyRetryPolicy"], **_given(own, "healthyRetryPolicy")},
        "sicklyRetryPolicy": None,
        "throttlePolicy": own.get("throttlePolicy") or above.get("defaultThrottlePolicy"),
        "requestPolicy": {**above["defaultRequestPolicy"], **_given(own, "requestPolicy")},
        "guaranteed": False,
    }
    return found


def _given(policy: Policy, name: str) -> Policy:
    """A part of a policy; null is what is not said."""
    return {key: value for key, value in (policy.get(name) or {}).items() if value is not None}


def check_topic(text: str) -> None:
    """Raises TopicError for what is no topic's policy."""
    said = _read(text)
    web_part = said.get("http", {})
    if set(said) - {"http"} or not isinstance(web_part, dict):
        raise _no("Unexpected JSON member: " + ", ".join(sorted(set(said) - {"http"}) or ["http"]))
    known = {"defaultHealthyRetryPolicy", "disableSubscriptionOverrides", "defaultThrottlePolicy"}
    _members(web_part, {*known, "defaultRequestPolicy", "defaultSicklyRetryPolicy"})
    if not isinstance(web_part.get("disableSubscriptionOverrides") or False, bool):
        raise _no("http.disableSubscriptionOverrides must be a boolean")
    _check(web_part.get("defaultHealthyRetryPolicy"), web_part.get("defaultThrottlePolicy"))
    _check_type(web_part.get("defaultRequestPolicy"))


def check_subscription(text: str) -> None:
    """Raises TopicError for what is no subscription's policy."""
    said = _read(text)
    _members(said, {"healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"})
    _check(said.get("healthyRetryPolicy"), said.get("throttlePolicy"))
    _check_type(said.get("requestPolicy"))


def _read(text: str) -> Policy:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _no("failed to parse JSON.")
    return said


def _members(said: Mapping[str, Any], known: set[str]) -> None:
    for name in said:
        if name not in known:
            raise _no(f"Unexpected JSON member: {name}")


def _check(retry: Any, throttle: Any) -> None:
    if retry is not None:
        if not isinstance(retry, dict):
            raise _no("healthyRetryPolicy must be an object")
        _check_retry(retry)
    if throttle is not None:
        if not isinstance(throttle, dict):
            raise _no("throttlePolicy must be an object")
        most = throttle.get("maxReceivesPerSecond")
        if most is not None and (not _whole(most) or most < 1):
            raise _no("throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1")


def _check_retry(retry: Mapping[str, Any]) -> None:
    _members(retry, {*BOUNDS, "backoffFunction"})
    for name, value in retry.items():
        low, high = BOUNDS.get(name, (0, 0))
        if name in BOUNDS and value is not None and (not _whole(value) or not low <= value <= high):
            raise _no(f"healthyRetryPolicy.{name} must be between {low} and {high}")
    said = {**DEFAULT, **{name: value for name, value in retry.items() if value is not None}}
    if said["backoffFunction"] not in FUNCTIONS:
        raise _no(f"Unexpected backoffFunction: {said['backoffFunction']}")
    if said["maxDelayTarget"] < said["minDelayTarget"]:
        raise _no("healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget")
    phases = said["numNoDelayRetries"] + said["numMinDelayRetries"] + said["numMaxDelayRetries"]
    if phases > said["numRetries"]:
        raise _no("healthyRetryPolicy.numRetries must be at least the sum of the retries of its phases")
    if sum(web(said).pauses) > LONGEST:
        raise _no("the retries must not take more than 3600 seconds")


def _check_type(request: Any) -> None:
    if request is not None and not isinstance(request, dict):
        raise _no("requestPolicy must be an object")
    kind = (request or {}).get("headerContentType")
    if kind is None:
        return
    named = str(kind).partition(";")[0].strip().lower()
    if named not in CONTENT_TYPES or not str(kind).isprintable():
        raise _no(f"Unsupported headerContentType: {kind}")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _no(text: str) -> TopicError:
    return TopicError("InvalidParameterException", f"Invalid parameter: DeliveryPolicy: {text}")
