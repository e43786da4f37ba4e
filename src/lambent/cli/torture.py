"""`lambent torture`: a function under what AWS does sooner or later, compared by what it leaves."""

import json as jsonlib
import os
import time
import uuid
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
from lambent.cli.trial_chain import MOST_TRIES, Chain, Ways, has_result
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
ACCOUNTS = min(8, (os.cpu_count() or 2) + 1)
"""In how many accounts trials go on at once: some wait while others compute."""
AGAIN_SECONDS = 0.4
"""How long a trial waits before an event comes again."""


def torture(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FUNCTION", help="Name of a function of the server.")],
    event: Annotated[Path, typer.Option(metavar="FILE", help="The event, as JSON (- for stdin).")],
    runs: Annotated[int, typer.Option(min=1, help="How many trials at most.")] = 200,
    seed: Annotated[int, typer.Option(help="Which trials, when there are more: the same again.")] = 0,
    sync: Annotated[bool, typer.Option("--sync", help="It is called by clients that wait, not by events.")] = False,
    only: Annotated[list[str] | None, typer.Option(metavar="TRIAL", help="These by name (crash-after:3).")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each trial is carried out.")] = 1,
    project: Annotated[Path | None, typer.Option(help="Where the code lies, for the lines.")] = None,
    test: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what broke as a pytest file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")] = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Run a function under duplicates, crashes, time-outs, throttles and lost answers; exit 1 if something broke."""
    target = target_of(context, endpoint, region)
    said = Torture(target, name, read_event(event), runs, seed, sync, tuple(only or ()), json, rounds).run()
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
    ready: float = 0.0
    """Seconds until the trials began."""
    snapshot: bool = False
    """Whether environments started from one."""
    follows: list[str] = field(default_factory=list)
    """Functions that were driven by what it did."""

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
        Reader(target, Path(folder)).read_code((name,))
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
        rounds: int = 1,
        accounts: int = ACCOUNTS,
    ) -> None:
        self._event, self._runs, self._seed, self._sync = event, runs, seed, sync
        self._only, self._quiet, self._rounds = only, quiet, rounds
        self._places = _places_for(target, name, accounts, has_result(event, sync))
        self._clean: State
        self._noise: Noise

    def run(self) -> Said:
        """Every trial. Raises CliError, also where the event does not work without any harm."""
        said, began = Said(), time.monotonic()
        try:
            self._places[0].account.open()
            planned = self._get_ready()
            said.ready, said.snapshot = time.monotonic() - began, self._places[0].quick
            self._try_all(planned * self._rounds, said)
            said.seconds = time.monotonic() - began - said.ready
        finally:
            self._close()
        order = {schedule.name: number for number, schedule in enumerate(planned)}
        said.broken = sorted(_once(said.broken), key=lambda one: order[one.schedule.name])
        said.missed = sorted({*said.missed}, key=lambda name: order[name])
        said.follows = sorted({name for place in self._places for name in place.account.others})
        said.kinds = dict(Counter(schedule.kind for schedule in planned * self._rounds))
        return said

    def _get_ready(self) -> "list[Schedule]":
        """The trials. What two clean runs leave, and in what they differ, is known then; and there are as many accounts
        as there is something to do for: they are made while the clean runs wait for each other."""
        from concurrent.futures import ThreadPoolExecutor

        place = self._places[0]
        place.touch_all()
        first, left = self._clean_run(place)
        touched = place.narrow([*first.calls, *place.followed])
        planned = self._plan(first.calls)
        seconds = max(SHORTEST, ceil(first.seconds * TIMES_LONGER))
        worth = len(planned) * self._rounds >= SNAPSHOT_FROM
        del self._places[max(len(planned), 1) :]
        with ThreadPoolExecutor(len(self._places)) as pool:
            others = [pool.submit(other.make, seconds, touched, worth) for other in self._places[1:]]
            place.account.shorten(seconds)
            quick = self._second_runs(place, first, left, worth and place.account.snapshot())
            for other in others:
                other.result()
        for one in self._places:
            one.quick = quick and bool(one.account.version)
        return planned

    def _second_runs(self, place: "Place", first: Answer, left: "State", snapshot: bool) -> bool:
        """In what two clean runs differ. Answers whether environments that start from a snapshot do what new ones do:
        two more leave the same, and differ in the same. What code makes at its import (an id, a time) would be the same
        in all of them."""
        from lambent.pitfalls.torture import effects

        ended = time.monotonic()
        quick = place.clean(self._event, quick=True) if snapshot else None
        quick_ended = time.monotonic()
        _wait(ended + APART_SECONDS)
        second, self._clean = self._clean_run(place)
        self._noise = effects.between(left, self._clean, first.answer, second.answer)
        if not any(effects.changes(call) for call in first.calls):
            output.note("the clean run changed nothing: was this event done before, or is it one that only asks?")
        if quick is None or quick[0][0].error:
            return False
        _wait(quick_ended + APART_SECONDS)
        answers, again = place.clean(self._event, quick=True)
        found = effects.between(quick[1], again, quick[0][0].answer, answers[0].answer)
        return not answers[0].error and found == self._noise and not effects.differences(self._clean, again, found)

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


def _places_for(target: Target, name: str, accounts: int, results: bool) -> "list[Place]":
    """Accounts to be: nothing is made yet."""
    source = Source(target, account_of(os.environ))
    made, ways = [TrialAccount(target, source, name) for _ in range(accounts)], Ways(source, name)
    return [Place(account, Chain(account, ways, results)) for account in made]


def _once(broken: "list[Broken]") -> "list[Broken]":
    """Each trial that broke something, whatever number of rounds it did so."""
    return list({one.schedule.name: one for one in broken}.values())


def _wait(until: float) -> None:
    """Until then, by the monotonic clock."""
    time.sleep(max(0.0, until - time.monotonic()))


def _turns(schedule: "Schedule") -> bool:
    """Whether it turns the clock, which one account at a time does."""
    return any(one.at is not None for one in schedule.attempts)


@dataclass(slots=True)
class Place:
    """One trial account, and the tables and buckets in it that the function touches."""

    account: TrialAccount
    chain: Chain
    tables: set[str] = field(default_factory=set)
    buckets: set[str] = field(default_factory=set)
    quick: bool = False
    """Whether environments start from a snapshot, where they need nothing special."""
    surrounded: bool = True
    """Whether the environments of the last trial found what they were to find."""
    request_id: str = ""
    """Of the trial's invocations: AWS delivers and tries an asynchronous event under one id; "" where each has its own
    (what clients, queues and streams send again)."""
    followed: list[dict[str, Any]] = field(default_factory=list)
    """Calls of what followed the last runs."""

    def touch_all(self) -> None:
        """Nothing is known yet: everything may be touched."""
        self.tables, self.buckets = set(self.account.source.tables), set(self.account.source.buckets)

    def narrow(self, calls: Sequence[Any]) -> tuple[set[str], set[str]]:
        """Everything is put back; from now on what these calls touch is looked at."""
        self.account.state.put_back(self.tables, self.buckets)
        self.tables = _touched(calls, "dynamodb", self.account.source.tables)
        self.buckets = _touched(calls, "s3", self.account.source.buckets, self.account.state.aliases)
        return self.tables, self.buckets

    def undo(self, calls: Sequence[Any]) -> None:
        """What these calls touch, and those before them did, is put back."""
        self.tables |= _touched(calls, "dynamodb", self.account.source.tables)
        self.buckets |= _touched(calls, "s3", self.account.source.buckets, self.account.state.aliases)
        self.account.state.put_back(self.tables, self.buckets)

    def make(self, seconds: int, touched: tuple[set[str], set[str]], snapshot: bool) -> None:
        """One more account, of which is known what the function touches."""
        self.account.open(seconds)
        self.tables, self.buckets = touched
        if snapshot:
            self.account.snapshot()

    def clean(self, event: Any, quick: bool = False) -> "tuple[list[Answer], State]":
        """A run without harm."""
        self._begin()
        answers = self.account.invoke([(self.account.turned(event), [])], not quick)
        return answers, self._left(answers)

    def _begin(self) -> None:
        self.account.state.put_back(self.tables, self.buckets)
        self.account.recycle()

    def _left(self, answers: Sequence[Answer]) -> "State":
        from lambent.pitfalls.torture import effects

        self.followed = self.chain.follow(answers)
        items, objects = self.account.state.look(self.tables, self.buckets)
        calls = [*(call for answer in answers for call in answer.calls), *self.followed]
        return effects.state(*self.account.told((items, objects, calls)))

    def carry_out(self, schedule: "Schedule", fresh: bool = False) -> "tuple[list[Run], State]":
        """The attempts of a trial, each on a new environment if `fresh`, and the event again until it works."""
        special = any(one.full or one.at is not None for one in schedule.attempts)
        plain = special or not self.quick or schedule.kind in _PLAIN
        self.surrounded = True
        self.request_id = str(uuid.uuid4()) if self.chain.results and schedule.must != "as-fresh" else ""
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
            answers += self.account.invoke(turned, plain, self.request_id)
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
            made += self.account.invoke([(event, [])], plain, self.request_id)
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
