"""A message reappears while it is being processed."""

from collections.abc import Iterator

from lambent.pitfalls import mending
from lambent.pitfalls.facts.project import Fact, Function, Project, Resource, Trigger
from lambent.pitfalls.finding import Fix, Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Queues of the same stack that drive a function."""
    for function in project.functions:
        for trigger in function.driven_by("sqs"):
            queue = function.stack.target(trigger.source)
            if queue is not None and queue.type == "AWS::SQS::Queue":
                yield from _pair(function, trigger, queue)


def _pair(function: Function, trigger: Trigger, queue: Resource) -> Iterator[Hit]:
    fact = queue.fact("VisibilityTimeout")
    visible = 30 if fact.absent else fact.number
    window = trigger.fact("MaximumBatchingWindowInSeconds")
    timeout = function.timeout
    if visible is None or timeout is None or window.unknown:
        return
    wanted = 6 * timeout + (window.number or 0)
    if visible < wanted:
        held = f"{visible} s" + (" (the default)" if fact.absent else "")
        plus = f" + the window of {window.number} s" if window.number else ""
        yield Hit(
            fact,
            f"messages are hidden for {held}, six times the timeout of {function.id} ({timeout} s){plus} is {wanted} s",
            function,
            queue.id,
            level="error" if visible < timeout else None,
            mend=f"set VisibilityTimeout to {wanted}",
            fix=_fix(fact, queue, wanted),
        )


def _fix(fact: Fact, queue: Resource, wanted: int) -> Fix | None:
    if wanted > 43_200:
        return None
    if fact.absent:
        hcl = f"visibility_timeout_seconds = {wanted}"
        return mending.setting(queue, queue.properties, "VisibilityTimeout", str(wanted), hcl)
    return mending.number(fact, queue, wanted)


RULE = Rule(
    code="ESM001",
    title="The queue's visibility timeout is shorter than six times the function's timeout",
    level="warning",
    reliability="certain",
    production="A message that waits for a throttled or slow function becomes visible again and is processed twice at"
    " once; each round counts towards maxReceiveCount, so that good messages end in the dead-letter queue.",
    mend="set VisibilityTimeout to six times the function's timeout plus the batching window",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",),
    seeds="000, 002",
    elsewhere="cfn-lint E3505 asks for once the timeout only; cdk-nag's rule knows no batching window.",
    silent="the queue is of another stack, or one of the numbers is a parameter",
)
