"""`lambent watch`: which pitfalls happen while functions run, from what their logs and calls say."""

import os
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambent.cli import logs, output
from lambent.cli.heap import told
from lambent.cli.target import EndpointOption, RegionOption, Target, account_of, target_of
from lambent.clients import Tail

if TYPE_CHECKING:
    from lambent.pitfalls.finding import Finding
    from lambent.pitfalls.watching.seen import Seen
    from lambent.pitfalls.watching.sight import Sight

LOOK_SECONDS = 1.0
LISTED_SECONDS = 5.0
"""How often the functions, their configuration and their queues are asked for."""
MOST_LINES = 300
"""Of a function's log in a second: of more, the latest part of each second is looked at, so that reading them costs
the server a few percent at most."""
SHARE = 0.02
OVERLAP_MS = 1_000
"""How far a look goes back behind the newest line seen: the server hands lines on every tenth of a second."""
MOST_READ = 3 * MOST_LINES
"""Lines of a function in one look, but the first, which is about what was before."""


def watch(
    context: typer.Context,
    functions: Annotated[list[str] | None, typer.Argument(metavar="[FUNCTION]...", help="All, if none.")] = None,
    since: Annotated[str, typer.Option(metavar="10s|10m|2h|7d", help="How far to look back.")] = "10m",
    once: Annotated[bool, typer.Option("--once", help="Say what was seen so far, and end.")] = False,
    lasting: Annotated[str | None, typer.Option("--for", metavar="30s|5m|1h", help="End after that time.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="Where the code lies, for the lines; what is deployed is read otherwise.")
    ] = None,
    heap: Annotated[
        bool, typer.Option("--heap", help="Name the module variables that grow: FUNCTION gets new environments.")
    ] = False,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep all findings in an HTML page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Watch functions run: pitfalls that happen, each with its evidence. Ctrl-C ends it."""
    target = target_of(context, endpoint, region)
    end = time.monotonic() + logs.seconds(lasting) if lasting else float("inf")
    start = int((target.now() - logs.seconds(since)) * 1000)
    watched = Watched(target, tuple(functions or ()), start)
    watched.read = _read(target, project, tuple(functions or ()))
    show = _Screen(watched.read, json, page)
    with told(target, watched.names) if heap else nullcontext():
        try:
            while True:
                last = once or time.monotonic() >= end
                for name, sight in watched.look(last):
                    show(name, sight)
                if last:
                    break
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            for name, sight in watched.judged(True):
                show(name, sight)
    show.end(watched)


def _read(target: Target, project: Path | None, only: tuple[str, ...]) -> "list[Finding]":
    """What reading the code finds, the merely possible too: what is seen makes it certain."""
    import tempfile

    from lambent.cli.running import Reader
    from lambent.pitfalls import checking

    if project is not None:
        if not project.exists():
            raise typer.BadParameter(f"{project} does not exist", param_hint="--project")
        return checking.check(project, everything=True).findings
    with tempfile.TemporaryDirectory(prefix="lambent-watch-") as folder:
        Reader(target, Path(folder)).read(only)
        return checking.check(Path(folder), everything=True).findings


@dataclass
class Watched:
    """What is watched, and how far it was read."""

    target: Target
    names: tuple[str, ...]
    start: int
    functions: "dict[str, Seen]" = field(default_factory=dict)
    read: "list[Finding]" = field(default_factory=list)
    _tails: dict[str, Tail] = field(default_factory=dict)
    _after: int = 0
    _looked: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Function -> when its log was looked at (seconds since 1970), and how many lines a second it had."""
    _sampled: set[str] = field(default_factory=set)
    _now: float = 0.0
    _listed: float = float("-inf")
    _throttles: dict[str, int] = field(default_factory=dict)
    _findings: list[dict[str, str]] = field(default_factory=list)
    _due: dict[str, float] = field(default_factory=dict)
    """Function -> when it may be thought about again."""
    _said: Any = None
    _clients: dict[str, Any] = field(default_factory=dict)

    def look(self, last: bool = False) -> "Iterator[tuple[str, Sight]]":
        """What is new, function by function. Raises what clients raise."""
        if time.monotonic() - self._listed >= LISTED_SECONDS:
            self._listed = time.monotonic()
            self._list()
        self._now = self.target.now()
        self._calls()
        metrics, self._findings = self.target.page("GET", "metrics")["metrics"], self.target.findings()
        throttled = self._metric(metrics, "Throttles")
        busiest = self._metric(metrics, "ConcurrentExecutions", "Maximum")
        for name, seen in self.functions.items():
            self._log(name, seen)
        self._rests()
        for name, seen in self.functions.items():
            before = self._throttles.setdefault(name, throttled.get(name, 0))
            seen.throttles = throttled.get(name, 0) - before
            others = {other: most for other, most in busiest.items() if other != name}
            seen.neighbour = max(others.items(), key=lambda one: one[1]) if others else None
        yield from self.judged(last)

    def judged(self, last: bool) -> "Iterator[tuple[str, Sight]]":
        """What follows from what was seen. A function of which much was seen is thought about less often, so that it
        takes this process's `SHARE` of a processor at most; in the end each is."""
        from lambent.pitfalls.watching import watching

        self._said = self._said or watching.Ledger()
        for name, seen in self.functions.items():
            if last or time.monotonic() >= self._due.get(name, 0.0):
                began = time.process_time()
                sights = watching.look(seen, self._findings)
                spent = (time.process_time() - began) * len(self.functions)
                self._due[name] = time.monotonic() + spent / SHARE
                for sight in self._said.fresh(name, sights):
                    yield name, sight

    @property
    def all(self) -> "list[tuple[str, Sight]]":
        """Everything that was seen, with the latest figures."""
        return [(name, sight) for (name, _, _), sight in self._said.said.items()]

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.target.client(service)
        return self._clients[service]

    def _list(self) -> None:
        """The functions there are now, their configuration, and the queues that drive them."""
        from lambent.pitfalls.watching.seen import Seen

        client = self._client("lambda")
        pages = client.get_paginator("list_functions").paginate()
        there = {one["FunctionName"]: one for page in pages for one in page["Functions"]}
        wanted = self.names or tuple(there)
        for name in wanted:
            about = there.get(name) or client.get_function_configuration(FunctionName=name)
            self.functions.setdefault(name, Seen(name)).about = about
        queues = self._queues(client)
        for name, seen in self.functions.items():
            seen.queues = queues.get(name, [])

    def _queues(self, client: Any) -> dict[str, list[dict[str, Any]]]:
        """Function -> the attributes of its queues."""
        found: dict[str, list[dict[str, Any]]] = {}
        pages = client.get_paginator("list_event_source_mappings").paginate()
        for one in (mapping for page in pages for mapping in page["EventSourceMappings"]):
            name = one["FunctionArn"].split(":")[6]
            if ":sqs:" in one.get("EventSourceArn", "") and name in self.functions:
                queue = self._queue(one["EventSourceArn"])
                if queue is not None:
                    found.setdefault(name, []).append(queue)
        return found

    def _queue(self, arn: str) -> dict[str, Any] | None:
        import json

        said = self._attributes(arn)
        if said is not None and said.get("RedrivePolicy"):
            said["Dead"] = self._attributes(json.loads(said["RedrivePolicy"])["deadLetterTargetArn"])
        return said

    def _attributes(self, arn: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        client = self._client("sqs")
        try:
            url = client.get_queue_url(QueueName=arn.split(":")[5], QueueOwnerAWSAccountId=arn.split(":")[4])[
                "QueueUrl"
            ]
            return dict(client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])
        except ClientError:
            return None

    def _log(self, name: str, seen: "Seen") -> None:
        group = seen.about.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        tail = self._tails.setdefault(name, Tail(self.start, overlap=OVERLAP_MS))
        before, rate = self._looked.get(name, (None, 0.0))
        now = self._now
        window = now - before if before is not None else None
        if rate > MOST_LINES:
            window = LOOK_SECONDS * MOST_LINES / rate
            tail.leap(int((now - window) * 1000))
            self._tell_once(name)
        if window is None:
            seen.feed(tail.fresh(logs.read(self._client("logs"), group, tail.start)))
            self._looked[name] = now, 0.0
            return
        found = logs.some(self._client("logs"), group, tail.start, MOST_READ)
        if len(found) == MOST_READ:  # there are more: that many in the time that they span
            window = max(found[-1]["timestamp"] - found[0]["timestamp"], 1) / 1000
        fresh = tail.fresh(found)
        seen.feed(fresh)
        self._looked[name] = now, (MOST_READ if len(found) == MOST_READ else len(fresh)) / max(window, 0.01)

    def _tell_once(self, name: str) -> None:
        if name not in self._sampled:
            self._sampled.add(name)
            output.note(f"{name} writes more than {MOST_LINES} lines a second: a part of them is looked at")

    def _calls(self) -> None:
        said = self.target.page("GET", f"permissions?calls={account_of(os.environ)}&after={self._after}")
        self._after = said["next"]
        for one in said["calls"]:
            seen = self.functions.get(one.pop("function"))
            if seen is not None and one["at"] * 1000 >= self.start:
                seen.add_calls([one])

    def _rests(self) -> None:
        """What environments have that nothing runs in now."""
        said = self.target.page("GET", f"resting?account={account_of(os.environ)}&region={self.target.region}")
        for one in said["environments"]:
            seen = self.functions.get(one["function"])
            if seen is not None:
                seen.add_rest(one)

    def _metric(self, metrics: list[dict[str, Any]], wanted: str, statistic: str = "Sum") -> dict[str, int]:
        """Function -> a statistic of a metric of its own."""
        account, region = account_of(os.environ), self.target.region
        return {
            one["Dimensions"]["FunctionName"]: int(one[statistic])
            for one in metrics
            if one["MetricName"] == wanted
            and (one["Account"], one["Region"]) == (account, region)
            and set(one["Dimensions"]) == {"FunctionName"}
        }


class _Screen:
    """Where findings are shown: the terminal, or lines of JSON, and a page."""

    def __init__(self, read: "list[Finding]", as_json: bool, page: Path | None) -> None:
        self._read = read
        self._json = as_json
        self._page = page
        if not as_json:
            output.note("watching; Ctrl-C ends it")

    def __call__(self, name: str, sight: "Sight") -> None:
        """One that is new."""
        import json

        from lambent.pitfalls.watching import shown, watching

        known = watching.read_of(self._read, name, sight.code)
        if self._json:
            typer.echo(json.dumps(sight.as_json(name, known), ensure_ascii=False))
        else:
            typer.echo(shown.text(name, sight, known))

    def end(self, watched: Watched) -> None:
        """The last word, and the page."""
        from lambent.pitfalls.watching import shown

        runs = sum(len(seen.runs) for seen in watched.functions.values())
        if not self._json:
            typer.echo(f"{len(watched.functions)} functions, {runs} invocations, {len(watched.all)} findings")
        if self._page is not None:
            self._page.write_text(shown.page(watched.all, self._read), "utf-8")
            output.note(f"the findings are in {self._page}")
