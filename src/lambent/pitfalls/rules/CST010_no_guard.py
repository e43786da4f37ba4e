"""No bound and no warning."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project, Stack
from lambent.pitfalls.finding import Hit, Rule

GUARDS = ("AWS::Budgets::Budget", "AWS::CE::AnomalyMonitor", "AWS::CE::AnomalySubscription", "Terraform::aws_budgets_budget",
          "Terraform::aws_ce_anomaly_monitor")  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Public functions without a reservation, in stacks that have neither a budget nor an alarm on what is billed."""
    for stack in project.stacks:
        if not stack.open and not _guarded(stack):
            for function in stack.functions:
                if _public(function) and function.fact("ReservedConcurrentExecutions").absent:
                    yield Hit(function, "nothing bounds what it costs, and nobody is told", function)


def _guarded(stack: Stack) -> bool:
    billed = (one.properties.get("Namespace") == "AWS/Billing" for one in stack.of("AWS::CloudWatch::Alarm"))
    return any(stack.of(*GUARDS)) or any(billed)


def _public(function: Function) -> bool:
    return any(one.fact("AuthType").value == "NONE" for one in function.driven_by("url"))


RULE = Rule(
    code="CST010",
    title="A function that anybody may call, without a bound or a budget",
    level="info",
    reliability="possible",
    production="1,000 environments of 1 GB for a night of 8 hours are $480.",
    mend="ReservedConcurrentExecutions, AWS::Budgets::Budget",
    check=check,
    sources=("https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",),
    seeds="001, 004",
    silent="budgets may be set for the account: it is only possible. What feeds itself is ARC001",
)
