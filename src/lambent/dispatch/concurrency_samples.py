"""Readings of the ledger of concurrency, once a minute: what CloudWatch would have of it.

The ledger counts as it goes; nothing here is on the way of an invocation.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html
"""

from collections.abc import Callable
from typing import Protocol

from lambent.engine.concurrency import Concurrency, Usage
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics

PERIOD_SECONDS = 60.0


class Timer(Protocol):
    """A timer that is set."""

    def cancel(self) -> None: ...


class Sampler:
    """Reads `ledger` into `metrics`, when asked and every minute of the clock that `call_at` and `now` belong to.

    `utilised` is told once a minute how much of each provisioned version was in use at most, from 0 to 1; nothing of
    those that were not invoked.
    """

    def __init__(
        self,
        ledger: Concurrency,
        metrics: Metrics,
        now: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], Timer],
        utilised: Callable[[dict[tuple[Scope, str, str], float]], None] = lambda shares: None,
    ) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._now = now
        self._call_at = call_at
        self._utilised = utilised
        self._most: dict[tuple[Scope, str, str], float] = {}
        self._due = now() + PERIOD_SECONDS
        self._timer = call_at(self._due, self._minute)

    def close(self) -> None:
        """Read no more."""
        self._timer.cancel()

    def read(self) -> list[Usage]:
        """Take a reading now."""
        usages, accounts = self._ledger.read()
        for usage in usages:
            if usage.version:
                self._provisioned(usage)
            else:
                self._function(usage)
        for scope, (unreserved, claimed, _) in accounts.items():
            peaks = [usage.peak for usage in usages if usage.scope == scope and not usage.version]
            if any(peaks):
                self._metrics.add("ConcurrentExecutions", scope, "", min(sum(peaks), accounts[scope][2]))
            self._metrics.add("UnreservedConcurrentExecutions", scope, "", unreserved)
            self._metrics.add("ClaimedAccountConcurrency", scope, "", unreserved + claimed)
        return usages

    def _function(self, usage: Usage) -> None:
        if usage.peak:
            self._metrics.add("ConcurrentExecutions", usage.scope, usage.name, usage.peak)
        if usage.throttled:
            self._metrics.add("Throttles", usage.scope, usage.name, usage.throttled)

    def _provisioned(self, usage: Usage) -> None:
        if not (usage.peak or usage.started or usage.spilled):
            return  # as on AWS, only what is invoked has these metrics
        key = (usage.scope, usage.name, usage.version)
        share = min(usage.peak / usage.places, 1.0) if usage.places else 0.0
        self._most[key] = max(self._most.get(key, 0.0), share)
        samples = {
            "ProvisionedConcurrentExecutions": usage.peak,
            "ProvisionedConcurrencyUtilization": share,
            "ProvisionedConcurrencyInvocations": usage.started,
            "ProvisionedConcurrencySpilloverInvocations": usage.spilled,
        }
        for name, value in samples.items():
            self._metrics.add(name, usage.scope, usage.name, value, f"{usage.name}:{usage.version}")

    def _minute(self) -> None:
        self._due += PERIOD_SECONDS
        self._timer = self._call_at(self._due, self._minute)
        for usage in self.read():
            if usage.version and usage.places:
                seconds = usage.places * PERIOD_SECONDS
                self._metrics.add(
                    "ProvisionedSeconds", usage.scope, usage.name, seconds, f"{usage.name}:{usage.version}"
                )
        most, self._most = self._most, {}
        self._utilised(most)
