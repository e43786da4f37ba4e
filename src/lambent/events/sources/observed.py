"""What is seen of one mapping: counts, the last result, findings.

Metrics' names: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html ("Event source mapping
metrics").
"""

from collections.abc import Callable
from typing import Any

from lambent.model.event_source import EventSource
from lambent.model.finding import Finding
from lambent.observe.metrics import Metrics

NO_RECORDS, OK, FAILED = "No records processed", "OK", "PROBLEM: Function call failed"
"""LastProcessingResult, as recorded; other problems are told in words of our own."""


class Observed:
    """Of one mapping, over its updates."""

    def __init__(self, source: EventSource, metrics: Metrics, report: Callable[[Finding], None]) -> None:
        self._source = source
        self._metrics = metrics
        self._report = report
        self._said: set[str] = set()
        self.last_result = NO_RECORDS
        self.counts: dict[str, int] = {}

    def document(self) -> dict[str, Any]:
        """What has been counted since the server's start, by metric."""
        return {"LastResult": self.last_result, "Counts": dict(self.counts)}

    def _count(self, name: str, count: int) -> None:
        if count:
            self.counts[name] = self.counts.get(name, 0) + count
            source = self._source
            self._metrics.add(name, source.scope, source.function, float(count), source.uuid, series=source.counted)

    def _say(self, code: str, message: str, hint: str = "") -> None:
        """A finding, once."""
        if code not in self._said:
            self._said.add(code)
            self._report(Finding(code, self._source.arn, message, hint))

    def resumed(self) -> None:
        """Something was processed before this reader began."""
        self.last_result = OK

    # --- reading

    def polled(self, count: int, filtered: int) -> None:
        """So many records were read, and so many of them no filter let pass."""
        self._count("PolledEventCount", count)
        self._count("FilteredOutEventCount", filtered)

    def unreadable(self, reason: str) -> None:
        """The source can't be read."""
        self.last_result = f"PROBLEM: {reason}"
        self._say("source-unreadable", f"Its source {self._source.source} can't be read: {reason}.")

    def aged(self, milliseconds: float) -> None:
        """How old the last record of a batch was when the function had it."""
        self._metrics.add("IteratorAge", self._source.scope, self._source.function, milliseconds, self._source.uuid)

    # --- running

    def ran(self, count: int, failed: int) -> None:
        """A batch was run."""
        self.last_result = OK if not failed else FAILED
        self._count("InvokedEventCount", count)
        self._count("FailedInvokeEventCount", failed)

    def deleted(self, count: int) -> None:
        """Messages were handled and are gone from the queue."""
        self._count("DeletedEventCount", count)

    def dropped_back(self, count: int, reason: str) -> None:
        """The function could not be run until the messages turned visible again."""
        self.last_result = f"PROBLEM: {reason}"
        self._count("FailedInvokeEventCount", count)

    def put_off(self, reason: str) -> None:
        """The function could not be run; it is tried again."""
        self.last_result = f"PROBLEM: {reason}"

    def large_state(self) -> None:
        """The state of a tumbling window has grown beyond what AWS keeps."""
        self._say(
            "window-state-too-large",
            "The state of a tumbling window is larger than 1 MB: the window ends early.",
            "Keep less in the state, or choose shorter windows.",
        )

    def no_function(self) -> None:
        """The function is gone."""
        self.last_result = "PROBLEM: Function not found"
        self._say("source-without-function", f"It invokes {self._source.function}, which does not exist.")

    def dropped(self, count: int) -> None:
        """Records are lost to the function: a loop, no attempt left and no destination."""
        self._count("DroppedEventCount", count)

    def discarded(self, condition: str) -> None:
        """Records of a stream were given up."""
        self.last_result = f"PROBLEM: {condition}"

    def undelivered(self, target: str, reason: str) -> None:
        """The record of a failure did not arrive."""
        self._report(
            Finding(
                "undelivered/source", self._source.arn, f"A failure record could not be delivered to {target}: {reason}"
            )
        )

    def delivered(self, count: int) -> None:
        """Records that failed went to the OnFailure destination."""
        self._count("OnFailureDestinationDeliveredEventCount", count)

    # --- what will bite

    def late(self, count: int) -> None:
        """Receipts had expired when their messages were handled."""
        if count:
            self._say(
                "visibility-expired",
                f"{count} messages turned visible again before they were handled: they are run once more.",
                "The visibility timeout of the queue should be six times the function's timeout.",
            )

    def full_by_bytes(self, count: int, size: int) -> None:
        """A batch of `count` records is as large as an event may be, and `size` were asked for."""
        self._say(
            "batch-size-unreached",
            f"A batch was full at 6 MB with {count} records: its BatchSize of {size} is not reached.",
            "Reckon with more and smaller invocations, or keep large bodies in a bucket and send their keys.",
        )

    def unheard(self) -> None:
        """The function names failures, and the mapping does not listen."""
        self._say(
            "unheard-batch-failures",
            "The function returns batchItemFailures, but the mapping does not ask for them: batches count as done.",
            "Set FunctionResponseTypes to ReportBatchItemFailures.",
        )

    def malformed(self, request_id: str) -> None:
        """An answer to ReportBatchItemFailures that can't be understood."""
        self._say(
            "malformed-batch-response",
            f"The answer of request {request_id} is no batch response: the whole batch counts as failed.",
            "Each item of batchItemFailures needs the itemIdentifier of a record of the batch.",
        )
