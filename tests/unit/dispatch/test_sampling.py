"""What the ledger of concurrency says, as metrics."""

from collections.abc import Callable
from typing import Any

from lambent.dispatch.concurrency_samples import Sampler
from lambent.engine.concurrency import Concurrency
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics

HERE = Scope("111111111111", "eu-west-1")


class Time:
    """A clock with one timer."""

    def __init__(self) -> None:
        self.now, self.due, self.callback, self.cancelled = 0.0, 0.0, lambda: None, False

    def call_at(self, when: float, callback: Callable[[], None]) -> "Time":
        self.due, self.callback = when, callback
        return self

    def cancel(self) -> None:
        self.cancelled = True

    def minute(self) -> None:
        self.now = self.due
        self.callback()


def statistics(metrics: Metrics) -> dict[tuple[str, str], tuple[float, float]]:
    """Sum and maximum by metric and its narrowest dimension."""
    found = {}
    for one in metrics.document()["metrics"]:
        dimensions = one["Dimensions"]
        name = dimensions.get("Resource") or dimensions.get("FunctionName", "")
        found[one["MetricName"], name] = (one["Sum"], one["Maximum"])
    return found


def test_concurrency_by_aws_s_names() -> None:
    time, ledger, metrics = Time(), Concurrency(10), Metrics(lambda: 0.0)
    shares: list[dict[Any, float]] = []
    sampler = Sampler(ledger, metrics, lambda: time.now, time.call_at, shares.append)
    ledger.plan(HERE, "f", None, {"1": 2})
    ledger.allocate(HERE, "f", "1", 2)
    ledger.plan(HERE, "g", 0, {})
    taken = [ledger.take(HERE, "f", "1", 0.0) for _ in range(3)]
    for tank in taken[1:]:
        ledger.give(tank)
    try:
        ledger.take(HERE, "g", "$LATEST", 0.0)
    except Exception:
        sampler.read()
    found = statistics(metrics)
    assert found["ConcurrentExecutions", "f"] == (3, 3)
    assert found["Throttles", "g"] == (1, 1)
    assert found["UnreservedConcurrentExecutions", ""] == (1, 1)
    assert found["ClaimedAccountConcurrency", ""] == (3, 3)
    assert found["ProvisionedConcurrencyInvocations", "f:1"] == (2, 2)
    assert found["ProvisionedConcurrencySpilloverInvocations", "f:1"] == (1, 1)
    assert found["ProvisionedConcurrencyUtilization", "f:1"] == (1, 1)
    time.minute()
    found = statistics(metrics)
    assert found["ConcurrentExecutions", "f"] == (4, 3)  # what runs still, once more
    assert found["ProvisionedConcurrencyInvocations", "f:1"] == (2, 2)
    assert found["ProvisionedConcurrencyUtilization", "f:1"] == (1.5, 1)
    time.minute()
    assert shares == [{(HERE, "f", "1"): 1.0}, {(HERE, "f", "1"): 0.5}]
    assert (time.due, time.cancelled) == (180.0, False)
    sampler.close()
    assert time.cancelled


def test_invocations_by_function_and_by_what_was_invoked() -> None:
    metrics = Metrics(lambda: 0.0)
    arn = f"arn:aws:lambda:{HERE.region}:{HERE.account}:function:f"
    metrics.ran(arn, 10.0, False)
    metrics.ran(f"{arn}:live", 30.0, True)
    metrics.ran(f"{arn}:live", 20.0, False)
    found = statistics(metrics)
    assert found["Duration", "f"] == (60, 30)
    assert found["Invocations", "f"] == (3, 1)
    assert found["Errors", "f"] == (1, 1)
    assert found["Duration", "f:live"] == (50, 30)
    assert (metrics.total("Errors", HERE, "f", "f:live"), metrics.total("Errors", HERE, "f", "f:1")) == (1, 0)
