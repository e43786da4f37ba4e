"""The operations answered here. One that is not in the table is refused by name before it gets this far."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.xray import groups, reading, resource_policies, sampling_rules, sending, tags
from lambent.services.xray.env import XRayEnv

Operation = Callable[[XRayEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "BatchGetTraces": reading.batch_get_traces,
    "CreateGroup": groups.create_group,
    "CreateSamplingRule": sampling_rules.create_sampling_rule,
    "DeleteGroup": groups.delete_group,
    "DeleteResourcePolicy": resource_policies.delete_resource_policy,
    "DeleteSamplingRule": sampling_rules.delete_sampling_rule,
    "GetEncryptionConfig": sending.get_encryption_config,
    "GetGroup": groups.get_group,
    "GetGroups": groups.get_groups,
    "GetSamplingRules": sampling_rules.get_sampling_rules,
    "GetSamplingTargets": sampling_rules.get_sampling_targets,
    "GetServiceGraph": reading.get_service_graph,
    "GetTraceGraph": reading.get_trace_graph,
    "GetTraceSummaries": reading.get_trace_summaries,
    "ListResourcePolicies": resource_policies.list_resource_policies,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutResourcePolicy": resource_policies.put_resource_policy,
    "PutTelemetryRecords": sending.put_telemetry_records,
    "PutTraceSegments": sending.put_trace_segments,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateGroup": groups.update_group,
    "UpdateSamplingRule": sampling_rules.update_sampling_rule,
}

_INSIGHTS = "nothing is found out about anomalies"
_SEARCH = "spans are not sent to CloudWatch Logs (Transaction Search)"
REFUSED: dict[str, str] = {
    **{f"GetInsight{of}": _INSIGHTS for of in ("", "Events", "ImpactGraph", "Summaries")},
    **dict.fromkeys(("StartTraceRetrieval", "CancelTraceRetrieval", "ListRetrievedTraces"), _SEARCH),
    **dict.fromkeys(("GetRetrievedTracesGraph", "GetIndexingRules", "UpdateIndexingRule"), _SEARCH),
    **dict.fromkeys(("GetTraceSegmentDestination", "UpdateTraceSegmentDestination"), _SEARCH),
    "GetTimeSeriesServiceStatistics": "statistics are answered of a whole time only, by GetServiceGraph",
    "GetSamplingStatisticSummaries": "who samples by rules is not counted",
    "PutEncryptionConfig": "traces are stored in the clear",
}
