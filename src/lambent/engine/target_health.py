"""The health of a target of a load balancer: what one check after another makes of it.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html (how many,
"after your target is registered, it must pass one health check"; states, reason codes and their descriptions) and
https://awscli.amazonaws.com/v2/documentation/api/latest/reference/elbv2/describe-target-health.html (no checks).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Health:
    """State, reason code and description, as DescribeTargetHealth has them; `streak` counts the last checks that came
    out alike: passed ones above 0, failed ones below."""

    state: str
    reason: str = ""
    description: str = ""
    streak: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """What a check found wrong."""

    reason: str
    description: str


REGISTERING = Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Health("healthy")
NOT_USED = Health(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
NOT_CHECKED = Health("unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target")

TIMED_OUT = Failure("Target.Timeout", "Request timed out")
FAILED = Failure("Target.FailedHealthChecks", "Health checks failed")


def mismatch(status: int) -> Failure:
    """The target answered, and with another status than it should."""
    return Failure("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def after(health: Health, failure: Failure | None, passes: int, failures: int) -> Health:
    """The health after one more check. `passes` and `failures` in a row change what a target is."""
    if failure is None:
        streak = max(health.streak, 0) + 1
        enough = 1 if health.state == "initial" else passes
        return replace(HEALTHY if health.state == "healthy" or streak >= enough else health, streak=streak)
    streak = min(health.streak, 0) - 1
    if health.state == "unhealthy" or -streak >= failures:
        return Health("unhealthy", failure.reason, failure.description, streak)
    return replace(CHECKING if health.state == "initial" else health, streak=streak)
