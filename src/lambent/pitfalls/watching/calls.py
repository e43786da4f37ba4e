"""Watchers of what a function's code asks of AWS's services."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from lambent.pitfalls.watching.seen import Call, Seen
from lambent.pitfalls.watching.sight import Sight, Watcher

MANY, SAME = 50, 20
"""Calls of one operation in an invocation that are many; how often one may be asked the very same."""
REPEATS = 3
SECRETS = ("secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "kms:Decrypt")
METRICS = "cloudwatch:PutMetricData"
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "TooManyRequests",
)
SENDS = ("Send", "Publish", "PutEvents", "PutRecord", "Put", "Update", "Create", "Start", "Delete", "Invoke")


def _runs(seen: Seen) -> dict[str, list[Call]]:
    """Trace -> the calls of that invocation; those of no trace are nobody's."""
    found: dict[str, list[Call]] = defaultdict(list)
    for call in seen.calls:
        if call.trace:
            found[call.trace].append(call)
    return found


def _each_time(seen: Seen, names: tuple[str, ...]) -> Iterator[tuple[str, set[str], int]]:
    """(operation, traces, invocations of that environment): the same question in most invocations of an environment."""
    asked: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    all_of: dict[str, set[str]] = defaultdict(set)
    for call in seen.calls:
        if call.trace:
            all_of[call.environment].add(call.trace)
            if call.name in names:
                asked[call.environment, call.name, call.digest].add(call.trace)
    for (environment, name, _), traces in asked.items():
        if len(traces) >= REPEATS:
            yield name, traces, len(all_of[environment])


def _secrets(seen: Seen) -> Iterator[Sight]:
    for name, traces, _ in _each_time(seen, SECRETS):
        text = f"one environment asked {name} for the same in {len(traces)} invocations"
        yield Sight("SEC003", text, tuple(sorted(traces)), (("invocations", len(traces)),), subject=name)
        return


def _metrics(seen: Seen) -> Iterator[Sight]:
    traces = {call.trace for call in seen.calls if call.name == METRICS and call.trace}
    if len(traces) >= REPEATS:
        text = f"{len(traces)} invocations sent metrics by PutMetricData"
        yield Sight("OBS004", text, tuple(sorted(traces)), (("invocations", len(traces)),), "info")


def _many(seen: Seen) -> Iterator[Sight]:
    told: set[str] = set()
    for trace, calls in _runs(seen).items():
        for name, count in Counter(call.name for call in calls).items():
            if count >= MANY and name not in told:
                told.add(name)
                text = f"one invocation called {name} {count} times"
                yield Sight("CST006", text, (trace,), (("calls", count),), subject=name)


def _twice(seen: Seen) -> Iterator[Sight]:
    """The same change made by several runs of one event: attempts share the trace."""
    for trace, calls in _runs(seen).items():
        made: dict[tuple[str, str], set[str]] = defaultdict(set)
        for call in calls:
            if not call.reads and not call.error and call.operation.startswith(SENDS):
                made[call.name, call.digest].add(call.environment)
        again = sorted(name for (name, _), environments in made.items() if len(environments) > 1)
        if again:
            yield Sight("ASY002", f"one event did {again[0]} twice, the same both times", (trace,), (), "error")
            return


def _denied(seen: Seen) -> Iterator[Sight]:
    told: dict[str, Call] = {}
    for call in seen.calls:
        if call.error in DENIED:
            told.setdefault(call.name, call)
    for name, call in told.items():
        yield Sight("IAM001", f"{name} was denied", (call.trace,), (), "error", subject=name)


def _given_up(seen: Seen) -> Iterator[Sight]:
    """A service that said "slower", and was not asked again in that invocation."""
    for trace, calls in _runs(seen).items():
        for index, call in enumerate(calls):
            if call.error.startswith(THROTTLED) and all(later.digest != call.digest for later in calls[index + 1 :]):
                yield Sight("CON011", f"{call.name} was throttled ({call.error}) and not tried again", (trace,))
                return


def _recursion(seen: Seen) -> Iterator[Sight]:
    """It sends to the queue that drives it."""
    driving = {one["QueueArn"].rpartition(":")[2] for one in seen.queues}
    for call in seen.calls:
        name = str(call.params.get("queueUrl", "")).rpartition("/")[2]
        if call.service == "sqs" and call.operation.startswith("SendMessage") and name in driving:
            yield Sight("ARC001", f"it sends to {name}, which drives it", (call.trace,), (), "error", subject=name)
            return


def _connections(seen: Seen) -> Iterator[Sight]:
    """Invocations of one environment that never used a connection of an earlier one: its clients are made each time."""
    used: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for call in seen.calls:
        if call.trace and call.connection:
            used[call.environment, call.service][call.trace].add(call.connection)
    for (_, service), traces in used.items():
        count = sum(len(ones) for ones in traces.values())
        if len(traces) > REPEATS and len(set().union(*traces.values())) == count:
            text = (
                f"each of {len(traces)} invocations of one environment made its own connections to {service}: {count}"
            )
            figures = (("connections", count), ("invocations", len(traces)))
            yield Sight("EXE008", text, tuple(traces), figures, subject=service)
            return


WATCHERS = (
    Watcher(("EXE008",), "connections", _connections),
    Watcher(("SEC003",), "calls", _secrets),
    Watcher(("OBS004",), "calls", _metrics),
    Watcher(("CST006",), "calls", _many),
    Watcher(("ASY002",), "calls of one trace", _twice),
    Watcher(("IAM001",), "calls", _denied),
    Watcher(("CON011",), "calls", _given_up),
    Watcher(("ARC001",), "calls and queues", _recursion),
)
