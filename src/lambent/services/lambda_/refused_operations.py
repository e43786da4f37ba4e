"""Operations that are refused for now, by name, each with its reason. What is in neither table is not built yet."""

_DURABLE = "durable executions are not supported: functions run once from start to end, nothing keeps their steps"
_MANAGED = "capacity providers are not supported: functions run on this machine, there are no managed instances"
_SCALING = "function scaling configs are not supported: they belong to capacity providers"

REFUSED: dict[str, str] = {
    "CheckpointDurableExecution": _DURABLE,
    "CreateCapacityProvider": _MANAGED,
    "DeleteCapacityProvider": _MANAGED,
    "DeleteDurableExecution": _DURABLE,
    "GetCapacityProvider": _MANAGED,
    "GetDurableExecution": _DURABLE,
    "GetDurableExecutionHistory": _DURABLE,
    "GetDurableExecutionState": _DURABLE,
    "GetFunctionScalingConfig": _SCALING,
    "ListCapacityProviders": _MANAGED,
    "ListDurableExecutionsByFunction": _DURABLE,
    "ListFunctionVersionsByCapacityProvider": _MANAGED,
    "PauseDurableExecution": _DURABLE,
    "PutFunctionScalingConfig": _SCALING,
    "ResumeDurableExecution": _DURABLE,
    "SendDurableExecutionCallbackFailure": _DURABLE,
    "SendDurableExecutionCallbackHeartbeat": _DURABLE,
    "SendDurableExecutionCallbackSuccess": _DURABLE,
    "StopDurableExecution": _DURABLE,
    "UpdateCapacityProvider": _MANAGED,
}
"""Tenancy is refused where it is asked for: TenancyConfig of CreateFunction, TenantId of Invoke."""
