"""A stored mapping as those who carry it out see it."""

from typing import Any

from lambent.engine.batch_response import REPORTING
from lambent.model.event_source import EventSource
from lambent.model.names import parse
from lambent.services.lambda_.functions import stored_only
from lambent.store.resources import Resource


def event_source(mapping: Resource) -> EventSource:
    """What a mapping says, typed."""
    shown: dict[str, Any] = mapping.document["shown"]
    meant = parse(shown["FunctionArn"])
    pollers = shown.get("ProvisionedPollerConfig") or {}
    return EventSource(
        uuid=mapping.name,
        arn=stored_only.arn_of(mapping),
        scope=mapping.scope,
        source=shown.get("EventSourceArn", ""),
        function=meant.name,
        qualifier=meant.qualifier or "",
        batch_size=shown["BatchSize"],
        window=float(shown["MaximumBatchingWindowInSeconds"]),
        filters=tuple(one["Pattern"] for one in (shown.get("FilterCriteria") or {}).get("Filters", ())),
        counted="EventCount" in (shown.get("MetricsConfig") or {}).get("Metrics", ()),
        reports_failures=REPORTING in shown.get("FunctionResponseTypes", ()),
        maximum_concurrency=(shown.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        pollers=(pollers.get("MinimumPollers", 2), pollers.get("MaximumPollers", 200)) if pollers else None,
        starting_position=shown.get("StartingPosition", ""),
        starting_timestamp=shown.get("StartingPositionTimestamp"),
        parallelization=shown.get("ParallelizationFactor", 1),
        maximum_age=shown.get("MaximumRecordAgeInSeconds", -1),
        maximum_retries=shown.get("MaximumRetryAttempts", -1),
        bisects=shown.get("BisectBatchOnFunctionError", False),
        tumbling_window=shown.get("TumblingWindowInSeconds", 0),
        on_failure=((shown.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", ""),
    )
