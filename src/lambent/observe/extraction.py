"""Metrics out of log events: those in the embedded metric format, those of metric filters, and how much is logged.

Runs in the thread of the log store, after the events were written: no invocation waits for it.
Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"""

import time
from collections.abc import Callable, Sequence

from lambent.model.finding import Finding
from lambent.model.metric import Metric, Sample, Stream, dimensions_of
from lambent.model.scope import Scope
from lambent.observe import emf
from lambent.observe.emf import Malformed
from lambent.observe.flood import Allowance
from lambent.observe.metric_filters import Find

NAMESPACE = "AWS/Logs"
RATE, BURST = 10_000, 100_000
"""Samples of embedded metrics that an account has a second, and at once: reading them takes processor time from
everybody. Ours; one in PutMetricData's place would be throttled."""
EVENT_BYTES = 26
"""What an event counts for beside its message."""
MALFORMED, TOO_MANY = "emf-malformed", "emf-too-many"
HINTS = {
    MALFORMED: "AWS drops it too, and counts it in AWS/Logs.",
    TOO_MANY: "Log fewer of them, or in fewer sets of dimensions: AWS asks for money for each.",
}
Event = tuple[int, str]


class Extraction:
    """`filters` answers those of a log group; `add` takes samples, `report` findings, both from another thread; `wall`
    answers seconds since 1970, `real` by the machine's clock, which functions read; `monotonic` seconds by which floods
    are measured, of which an account may have `burst` values at once."""

    def __init__(
        self,
        filters: Find,
        add: Callable[[Sequence[Sample]], None],
        report: Callable[[Finding], None],
        wall: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
        real: Callable[[], float] | None = None,
        burst: int = BURST,
    ) -> None:
        self._filters = filters
        self._add = add
        self._report = report
        self._wall = wall
        self._real = real or wall
        self._burst = burst
        self._monotonic = monotonic
        self._allowances: dict[Scope, Allowance] = {}
        self._defaulted: dict[tuple[Scope, str], int] = {}

    def take(self, scope: Scope, group: str, events: Sequence[Event]) -> None:
        """New events of a log group."""
        found = self._embedded(scope, group, events)
        found += self._filtered(scope, group, events)
        self._add(found + _volume(scope, group, events))

    def _embedded(self, scope: Scope, group: str, events: Sequence[Event]) -> list[Sample]:
        found: list[Sample] = []
        said: dict[str, str] = {}
        now = self._wall()
        now_ms, real_ms = int(now * 1000), int(self._real() * 1000)
        allowance = self._allowances.setdefault(scope, Allowance(self._burst, RATE))
        for _, message in events:
            if emf.MARK not in message:
                continue
            try:
                taken = allowance.take(1, 0, self._monotonic())
                samples = emf.samples(scope, message, now_ms, real_ms) if taken else None
            except Malformed as error:
                found += _counted(scope, error.counted, group, now, 1.0)
                said[MALFORMED] = (
                    f"A line in the embedded metric format is wrong, its metrics are lost: {error.reason}."
                )
                continue
            if samples is not None:
                allowance.take(len(samples), 0, self._monotonic())
                found += samples
            else:
                said[TOO_MANY] = f"More than {RATE:,.0f} values a second are logged as metrics; further ones are lost."
        for code, text in said.items():
            arn = f"arn:aws:logs:{scope.region}:{scope.account}:log-group:{group}"
            self._report(Finding(code, arn, text, HINTS[code]))
        return found

    def _filtered(self, scope: Scope, group: str, events: Sequence[Event]) -> list[Sample]:
        found: list[Sample] = []
        filters = self._filters(scope, group)
        for one in filters:
            samples = [sample for at, message in events if (sample := one.sample(at / 1000, message)) is not None]
            found += samples
            minute = events[-1][0] // 60_000
            if not samples and self._defaulted.get((scope, group)) != minute:
                default = one.unmatched(minute * 60.0)
                found += [default] if default is not None else []
        if filters:
            self._defaulted[scope, group] = events[-1][0] // 60_000
        return found


def _volume(scope: Scope, group: str, events: Sequence[Event]) -> list[Sample]:
    at = events[-1][0] / 1000
    size = sum(len(message) + EVENT_BYTES for _, message in events)
    counted = [*_counted(scope, "IncomingLogEvents", group, at, float(len(events)), "None")]
    return counted + _counted(scope, "IncomingBytes", group, at, float(size), "Bytes")


def _counted(scope: Scope, name: str, group: str, at: float, value: float, unit: str = "None") -> list[Sample]:
    """A metric of a log group, and of the account."""
    sets = ((), dimensions_of({"LogGroupName": group}))
    return [Sample(Stream(Metric(scope, NAMESPACE, name, one), unit), at, value) for one in sets]
