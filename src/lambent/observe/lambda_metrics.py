"""Which series a measurement of Lambda's is part of.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html (dimensions).
"""

import functools

from lambent.model.metric import Metric, Stream, dimensions_of
from lambent.model.scope import Scope

NAMESPACE = "AWS/Lambda"
OWN_NAMESPACE = "Lambent"
"""Of what AWS does not measure; not listed unless it is asked for."""
LATEST = "$LATEST"
MILLISECONDS = frozenset({"Duration", "AsyncEventAge", "IteratorAge", "UrlRequestLatency"})
EVENT_COUNTS = frozenset(
    {
        *("PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount"),
        *("DroppedEventCount", "OnFailureDestinationDeliveredEventCount", "DeletedEventCount"),
    }
)
"""Of event source mappings, which are their resources."""
MAPPING = "EventSourceMappingUUID"
STANDING_BY = "ProvisionedSeconds"
"""How long environments of a version stood ready, all of them together: what provisioned concurrency is billed for."""
RESTORED, STREAMED, PASSED = "RestoredMegabytes", "StreamedBytes", "NetworkBytes"
"""The memory of environments that were made of a snapshot; what was streamed beyond the `FREE_STREAM` bytes of each
response; what environments sent and received over their way out, told when they end."""
FREE_STREAM = 6 << 20
"""https://aws.amazon.com/lambda/pricing/ (HTTP response stream)."""
SAID = "ServiceBytes"
"""What functions sent to AWS's services and received from them, by the service."""
OWN_UNITS = {RESTORED: "Megabytes", STREAMED: "Bytes", PASSED: "Bytes"}


@functools.lru_cache(maxsize=4096)
def billed(scope: Scope, function: str, memory: int) -> tuple[Stream, ...]:
    """The series of what is billed for a function of so many megabytes. AWS has none: its bills are in REPORT lines."""
    dimensions = {"FunctionName": function, "MemorySize": str(memory)}
    return (Stream(Metric(scope, OWN_NAMESPACE, "BilledDuration", dimensions_of(dimensions)), "Milliseconds"),)


@functools.lru_cache(maxsize=4096)
def streams(name: str, scope: Scope, function: str, resource: str = "", executed: str = "") -> tuple[Stream, ...]:
    """Every series that a measurement counts in.

    `resource` is "f:alias", "f:1" or a mapping's UUID, "" for what was called by the function's name alone; `executed`
    is the version that ran.
    """
    if name == STANDING_BY:
        pairs = dimensions_of({"FunctionName": function, "Version": resource.rpartition(":")[2]})
        return (Stream(Metric(scope, OWN_NAMESPACE, name, pairs), "Seconds"),)
    if name == SAID:
        pairs = dimensions_of({"FunctionName": function, "Service": resource})
        return (Stream(Metric(scope, OWN_NAMESPACE, name, pairs), "Bytes"),)
    if name in OWN_UNITS:
        return (Stream(Metric(scope, OWN_NAMESPACE, name, dimensions_of({"FunctionName": function})), OWN_UNITS[name]),)
    unit = "Milliseconds" if name in MILLISECONDS else "Count"
    found = _dimensions(name, function, resource, executed)
    return tuple(Stream(Metric(scope, NAMESPACE, name, dimensions_of(one)), unit) for one in found)


def _dimensions(name: str, function: str, resource: str, executed: str) -> list[dict[str, str]]:
    """Sets of dimensions. How much runs at once in an account is no sum of its functions: it is measured by itself."""
    if not function:
        return [{}]
    own: list[dict[str, str]] = [] if name == "ConcurrentExecutions" else [{}]
    if name in EVENT_COUNTS:
        return [{MAPPING: resource}]
    of_function = {"FunctionName": function}
    if name == "IteratorAge":
        return [*own, of_function, of_function | {MAPPING: resource}]
    of_resource = of_function | {"Resource": resource or function}
    qualifier = resource.rpartition(":")[2]
    if executed and resource and qualifier not in (executed, LATEST):
        return [*own, of_function, of_resource, of_resource | {"ExecutedVersion": executed}]
    return [*own, of_function, of_resource]
