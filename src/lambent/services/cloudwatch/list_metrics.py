"""ListMetrics: those that had a value in the last two weeks, 500 a page."""

from typing import Any

from lambent.model.metric import Metric
from lambent.model.scope import Caller
from lambent.observe.lambda_metrics import OWN_NAMESPACE
from lambent.services.cloudwatch import paging
from lambent.services.cloudwatch.env import CloudWatchEnv

PAGE = 500
RECENT_SECONDS = 3 * 3600


async def list_metrics(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a namespace, of a name, with some dimensions. No account is linked to another one."""
    if params.get("OwningAccount", caller.scope.account) != caller.scope.account:
        return {"Metrics": []}
    await env.settle()
    recent = {"seconds": RECENT_SECONDS} if params.get("RecentlyActive") else {}
    found = [one for one in env.series.listed(caller.scope, **recent) if _is_meant(one, params)]
    shown, token = paging.page(found, params.get("NextToken"), PAGE)
    owners = [caller.scope.account] * len(shown) if params.get("IncludeLinkedAccounts") else None
    return {"Metrics": [shown_metric(one) for one in shown], "OwningAccounts": owners, "NextToken": token}


def shown_metric(metric: Metric) -> dict[str, Any]:
    """Metric."""
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def _is_meant(metric: Metric, params: dict[str, Any]) -> bool:
    if params.get("Namespace", "") != metric.namespace and ("Namespace" in params or metric.namespace == OWN_NAMESPACE):
        return False
    if params.get("MetricName", metric.name) != metric.name:
        return False
    has = dict(metric.dimensions)
    return all(
        one["Name"] in has and one.get("Value", has[one["Name"]]) == has[one["Name"]]
        for one in params.get("Dimensions") or ()
    )
