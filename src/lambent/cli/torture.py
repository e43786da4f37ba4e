"""`lambent torture`: a function under what AWS does sooner or later, compared by what it leaves."""

import json as jsonlib
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.target import EndpointOption, RegionOption, Target, account_of, target_of
from lambent.cli.trial_source import Source
from lambent.cli.trials import Answer, TrialAccount

if TYPE_CHECKING:
    from lambent.pitfalls.torture.effects import Noise, State
    from lambent.pitfalls.torture.judging import Broken, Run
    from lambent.pitfalls.torture.schedules import Schedule

APART_SECONDS = 1.1
"""Between the two clean runs: what has seconds in it differs, and is known to be noise."""
SHORTEST, TIMES_LONGER = 2, 5
"""The timeout of a trial, seconds: so many times as long as a clean run, and at least."""
SNAPSHOT_FROM = 10
"""From how many trials on it is worth finding out whether environments may start from a snapshot."""
ACCOUNTS = 3
"""In how many accounts trials go on at once."""
MOST_TRIES, AGAIN_SECONDS = 3, 0.4
"""How often AWS runs an asynchronous event; how long a trial waits between."""


def torture(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FUNCTION", help="Name of a function of the server.")],
    event: Annotated[Path, typer.Option(metavar="FILE", help="The event, as JSON (- for stdin).")],
    runs: Annotated[int, typer.Option(min=1, help="How many trials at most.")] = 200,
    seed: Annotated[int, typer.Option(help="Which trials, when there are more: the same again.")] = 0,
    sync: Annotated[bool, typer.Option("--sync", help="It is called by clients that wait, not by events.")] = False,
    only: Annotated[list[str] | None, typer.Option(metavar="TRIAL", help="These by name (crash-after:3).")] = None,
    project: Annotated[Path | None, typer.Option(help="Where the code lies, for the lines.")] = None,
    test: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what broke as a pytest file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")] = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Run a function under duplicates, crashes, time-outs, throttles and lost answers; exit 1 if something broke."""
    target = target_of(context, endpoint, region)
    said = Torture(target, name, read_event(event), runs, seed, sync, tuple(only or ()), quiet=json).run()
    places = _places(target, project, name, said)
    from lambent.pitfalls.torture import shown

    if json:
        output.document(shown.document(said, places, seed))
    else:
        typer.echo(shown.text(said, places))
    if test is not None and said.broken:
        test.write_text(shown.pytest_file(name, read_event(event), said.broken, seed), "utf-8")
        output.note(f"what broke is a test in {test}")
    if said.failed:
        raise typer.Exit(1)


def read_event(path: Path) -> Any:
    """The event. Raises CliError."""
    try:
        return jsonlib.loads(typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CliError(f"the event {path} can't be read: {error}", USAGE) from None


@dataclass(slots=True)
class Said:
    """What all trials came to."""

    trials: int = 0
    seconds: float = 0.0
    broken: "list[Broken]" = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Trials whose call did not come: they say nothing."""
    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether something broke that code can help."""
        return any(not one.remains for one in self.broken)


def _places(target: Target, project: Path | None, name: str, said: Said) -> dict[tuple[str, str], list[str]]:
    """(service, operation) -> where the code calls it."""
    import tempfile

    from lambent.cli.running import Reader
    from lambent.pitfalls.facts import reading
    from lambent.pitfalls.torture import places

    if not said.broken:
        return {}
    if project is not None:
        return places.of(reading.read(project), name)
    with tempfile.TemporaryDirectory(prefix="lambent-torture-") as folder:
        Reader(target, Path(folder)).read((name,))
        return places.of(reading.read(Path(folder)), name)


class Torture:
    """All trials of one function and event, in a few accounts at once: much of a trial is waiting."""

    def __init__(
        self,
        target: Target,
        name: str,
        event: Any,
        runs: int = 200,
        seed: int = 0,
        sync: bool = False,
        only: tuple[str, ...] = (),
        quiet: bool = False,
        accounts: int = ACCOUNTS,
    ) -> None:
        self._event, self._runs, self._seed, self._sync = event, runs, seed, sync
        self._only, self._quiet = only, quiet
        source = Source(target, account_of(os.environ))
        self._places = [Place(TrialAccount(target, source, name)) for _ in range(accounts)]
        self._clean: State
        self._noise: Noise
        self._quick = False

    def run(self) -> Said:
        """Every trial. Raises CliError, also where the event does not work without any harm."""
        said = Said()
        try:
            self._places[0].account.open()
            calls, seconds, touched = self._clean_runs()
            planned = self._plan(calls)
            self._quick = len(planned) >= SNAPSHOT_FROM and self._starts_as_new()
            self._open_others(len(planned), seconds, touched)
            began = time.monotonic()
            self._try_all(planned, said)
            said.seconds = time.monotonic() - began
        finally:
            self._close()
        order = {schedule.name: number for number, schedule in enumerate(planned)}
        said.broken.sort(key=lambda one: order[one.schedule.name])
        said.missed.sort(key=lambda name: order[name])
        said.kinds = dict(Counter(schedule.kind for schedule in planned))
        return said

    def _close(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(self._places)) as pool:
            list(pool.map(lambda place: place.account.close(), self._places))

    def _plan(self, calls: Sequence[Any]) -> "list[Schedule]":
        from lambent.pitfalls.torture import schedules

        planned = schedules.plan(self._event, calls, 10_000 if self._only else self._runs, self._seed, self._sync)
        chosen = [one for one in planned if not self._only or one.name in self._only]
        unknown = sorted({*self._only} - {one.name for one in chosen})
        if unknown:
            raise CliError(f"there is no trial {', '.join(unknown)} of this event", USAGE)
        return chosen

    def _clean_runs(self) -> tuple[Sequence[Any], int, tuple[set[str], set[str]]]:
        """Two runs without harm: what they leave, and in what they differ; answers their calls, the timeout from now
        on, and which tables and buckets they touch."""
        from lambent.pitfalls.torture import effects

        place = self._places[0]
        place.touch_all()
        first = self._clean_run(place)
        touched = place.narrow(first[0].calls)
        seconds = max(SHORTEST, ceil(first[0].seconds * TIMES_LONGER))
        place.account.shorten(seconds)
        time.sleep(APART_SECONDS)
        second = self._clean_run(place)
        self._clean, self._noise = second[1], effects.between(first[1], second[1], first[0].answer, second[0].answer)
        if not any(effects.changes(call) for call in first[0].calls):
            output.note("the clean run changed nothing: was this event done before, or is it one that only asks?")
        return first[0].calls, seconds, touched

    def _starts_as_new(self) -> bool:
        """Whether environments that start from a snapshot do what new ones do: two more clean runs leave the same, and
        differ in the same. What code makes at its import (an id, a time) would be the same in all of them."""
        from lambent.pitfalls.torture import effects

        place = self._places[0]
        if not place.account.snapshot():
            return False
        place.quick = True
        first = place.clean(self._event)
        time.sleep(APART_SECONDS)
        second = place.clean(self._event)
        found = effects.between(first[1], second[1], first[0][0].answer, second[0][0].answer)
        failed = first[0][0].error or second[0][0].error
        place.quick = not failed and found == self._noise and not effects.differences(self._clean, second[1], found)
        return place.quick

    def _open_others(self, most: int, seconds: int, touched: tuple[set[str], set[str]]) -> None:
        """As many accounts as there is something to do for."""
        from concurrent.futures import ThreadPoolExecutor

        def make(other: Place) -> None:
            other.account.open()
            other.account.shorten(seconds)
            other.tables, other.buckets = touched
            other.quick = self._quick and other.account.snapshot()

        del self._places[max(most, 1) :]
        with ThreadPoolExecutor(len(self._places)) as pool:
            list(pool.map(make, self._places[1:]))

    def _clean_run(self, place: "Place") -> "tuple[Answer, State]":
        answers, left = place.clean(self._event)
        if answers[0].error:
            raise CliError(f"the event does not work without any harm done: {answers[0].error}")
        return answers[0], left

    def _try_all(self, planned: "list[Schedule]", said: Said) -> None:
        """The first by itself: whether an event may come twice tells what others show."""
        import queue
        from concurrent.futures import ThreadPoolExecutor

        free: queue.SimpleQueue[Place] = queue.SimpleQueue()
        for place in self._places:
            free.put(place)

        def one(number: int) -> None:
            place = free.get()
            try:
                self._progress(number, len(planned), planned[number])
                self._try(place, planned[number], said)
            finally:
                free.put(place)

        def in_turn() -> None:
            for number in turning:
                one(number)

        one(0)
        turning = [number for number, schedule in enumerate(planned) if number and _turns(schedule)]
        with ThreadPoolExecutor(len(self._places)) as pool:
            others = [pool.submit(one, number) for number in range(1, len(planned)) if number not in turning]
            others.append(pool.submit(in_turn))
            for done in others:
                done.result()

    def _progress(self, number: int, most: int, schedule: "Schedule") -> None:
        if not self._quiet:
            output.note(f"{number + 1}/{most} {schedule.name}: {schedule.about}")

    def _try(self, place: "Place", schedule: "Schedule", said: Said) -> None:
        """One trial, judged."""
        from lambent.pitfalls.torture import judging

        runs, left = place.carry_out(schedule)
        said.trials += 1
        if not place.surrounded or not _happened(schedule, runs):
            said.missed.append(schedule.name)
            return
        if schedule.must == "as-fresh":
            broken = judging.judge_warm(schedule, (runs, left), place.carry_out(schedule, fresh=True), self._noise)
        else:
            guarded = not any(one.schedule.kind == "duplicate" for one in said.broken)
            broken = judging.judge(schedule, runs, self._clean, left, self._noise, guarded)
        if broken is not None:
            said.broken.append(broken)


def _turns(schedule: "Schedule") -> bool:
    """Whether it turns the clock, which one account at a time does."""
    return any(one.at is not None for one in schedule.attempts)


@dataclass(slots=True)
class Place:
    """One trial account, and the tables and buckets in it that the function touches."""

    account: TrialAccount
    tables: set[str] = field(default_factory=set)
    buckets: set[str] = field(default_factory=set)
    quick: bool = False
    """Whether environments start from a snapshot, where they need nothing special."""
    surrounded: bool = True
    """Whether the environments of the last trial found what they were to find."""

    def touch_all(self) -> None:
        """Nothing is known yet: everything may be touched."""
        self.tables, self.buckets = set(self.account.source.tables), set(self.account.source.buckets)

    def narrow(self, calls: Sequence[Any]) -> tuple[set[str], set[str]]:
        """Everything is put back; from now on what these calls touch is looked at."""
        self.account.put_back(self.tables, self.buckets)
        self.tables = _touched(calls, "dynamodb", self.account.source.tables)
        self.buckets = _touched(calls, "s3", self.account.source.buckets, self.account.aliases)
        return self.tables, self.buckets

    def undo(self, calls: Sequence[Any]) -> None:
        """What these calls touch, and those before them did, is put back."""
        self.tables |= _touched(calls, "dynamodb", self.account.source.tables)
        self.buckets |= _touched(calls, "s3", self.account.source.buckets, self.account.aliases)
        self.account.put_back(self.tables, self.buckets)

    def clean(self, event: Any) -> "tuple[list[Answer], State]":
        """A run without harm."""
        self._begin()
        answers = self.account.invoke([(self.account.turned(event), [])], not self.quick)
        return answers, self._left(answers)

    def _begin(self) -> None:
        self.account.put_back(self.tables, self.buckets)
        self.account.recycle()

    def _left(self, answers: Sequence[Answer]) -> "State":
        from lambent.pitfalls.torture import effects

        items, objects = self.account.state(self.tables, self.buckets)
        calls = [call for answer in answers for call in answer.calls]
        return effects.state(*self.account.told((items, objects, calls)))

    def carry_out(self, schedule: "Schedule", fresh: bool = False) -> "tuple[list[Run], State]":
        """The attempts of a trial, each on a new environment if `fresh`, and the event again until it works."""
        special = any(one.full or one.at is not None for one in schedule.attempts)
        plain = special or not self.quick or schedule.kind in _PLAIN
        self.surrounded = True
        try:
            answers = self._attempts(schedule, fresh, special, plain)
        finally:
            if special:
                self.account.surround(False, None)
                self.account.recycle()
        if any(one.at is not None for one in schedule.attempts):
            self.surrounded = self.surrounded and self.account.is_told_time()
        if schedule.settle:
            last = answers[-len(_groups(schedule)[-1]) :]
            answers += self._settle(last, self.account.turned(schedule.attempts[-1].event), plain)
        return [_run(one) for one in answers], self._left(answers)

    def _attempts(self, schedule: "Schedule", fresh: bool, special: bool, plain: bool) -> list[Answer]:
        """`special`: what environments find is set before they are made."""
        answers: list[Answer] = []
        for group in _groups(schedule):
            if special:
                done = self.account.surround(group[0].full, group[0].at)
                self.surrounded = self.surrounded and done
            if not answers:
                self._begin()
            elif fresh or group[0].fresh:
                self.account.recycle()
            turned = [(self.account.turned(one.event), [dict(fault) for fault in one.faults]) for one in group]
            answers += self.account.invoke(turned, plain)
        return answers

    def _settle(self, last: Sequence[Answer], event: Any, plain: bool) -> list[Answer]:
        """The event again, as AWS would send it, until it works: at once, and for as long as what the first attempt
        locked may stay so (the function's timeout)."""
        made: list[Answer] = []
        end = time.monotonic() + self.account.timeout + 1
        failed = any(one.error for one in last)
        while failed and (len(made) < MOST_TRIES or time.monotonic() < end):
            if made:
                time.sleep(AGAIN_SECONDS)
            made += self.account.invoke([(event, [])], plain)
            failed = bool(made[-1].error)
        return made


_ENDS = ("crash-before", "crash-after", "timeout-after", "tmp-left")
"""Trials that end the first attempt."""
_PLAIN = ("tmp-left",)
"""Trials of what an environment does after its runtime has ended: it initialises again."""


def _groups(schedule: "Schedule") -> list[list[Any]]:
    """Attempts one after another, those together that run at once."""
    groups: list[list[Any]] = []
    for one in schedule.attempts:
        if one.together and groups:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _run(answer: Answer) -> "Run":
    from lambent.pitfalls.torture.judging import Run

    return Run(answer.answer, answer.error, tuple(answer.calls))


def _happened(schedule: "Schedule", runs: "Sequence[Run]") -> bool:
    """Whether the call came that something was to happen to, and it did."""
    if schedule.step is None:
        return True
    if schedule.kind == "together" and any(run.error.startswith("Sandbox.Timedout") for run in runs):
        return False  # it waited too long for the other one
    came = any(call["step"] == schedule.step for call in runs[0].calls)
    return came and (schedule.kind not in _ENDS or bool(runs[0].error))


def _touched(calls: Sequence[Any], service: str, known: Any, aliases: Any = None) -> set[str]:
    """The tables or buckets that calls name; all, when a call names none (a batch, a statement)."""
    names = {other: name for name, other in (aliases or {}).items()}
    found: set[str] = set()
    for call in calls:
        if call["service"] == service:
            name = call["params"].get("TableName" if service == "dynamodb" else "Bucket")
            if name is None:
                return set(known)
            name = name.rpartition("/")[2]
            found.add(names.get(name, name))
    return found & set(known)
