"""Measuring a function at several sizes, in an account that is made for it (`lambent.cli.trials`): the user's function,
its versions, aliases and data stay as they are, and every run finds the tables and buckets as the first did.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lambent.cli.errors import CliError
from lambent.cli.target import Target, account_of
from lambent.cli.torture import Place
from lambent.cli.trial_chain import Chain, Ways
from lambent.cli.trial_source import Source
from lambent.cli.trials import Answer, TrialAccount
from lambent.engine import tuning
from lambent.engine.tuning import MB_PER_VCPU, Run, Stat

NO_SHARE = "CPU is not throttled here ({how}), so that no power would differ from another"


@dataclass(slots=True)
class Wanted:
    """What is measured: MB, runs of each, and how the best is chosen (`weight`: 0 speed, 1 cost, of balanced)."""

    function: str
    event: Any
    powers: Sequence[int]
    runs: int = 10
    strategy: str = "cost"
    weight: float = 0.5
    parallel: bool = False
    on_aws: tuple[int, float] | None = None
    """A power, and how many milliseconds a run takes there on AWS."""


@dataclass(slots=True)
class Found:
    """What was measured: runs by MB, and why others have none."""

    architecture: str
    cores: int
    load: float = 0.0
    """How many processes wanted a CPU in the minute before."""
    runs: dict[int, list[Run]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


@dataclass
class Tuned:
    """What it comes to."""

    wanted: Wanted
    found: Found

    @cached_property
    def _here(self) -> list[Stat]:
        found = self.found
        return [tuning.stat(power, runs, found.architecture) for power, runs in sorted(found.runs.items())]

    @property
    def factor(self) -> float:
        """How many times as long as here a run takes on AWS, by the one figure from there; 1 without any."""
        return tuning.factor_of(self._here, *self.wanted.on_aws) if self.wanted.on_aws else 1.0

    @property
    def stats(self) -> list[Stat]:
        """By power."""
        found = self.found
        return [tuning.stat(power, runs, found.architecture, self.factor) for power, runs in sorted(found.runs.items())]

    @property
    def best(self) -> Stat:
        """What the strategy chooses."""
        return tuning.best(self.stats, self.wanted.strategy, self.wanted.weight)

    def document(self) -> dict[str, Any]:
        """What AWS Lambda Power Tuning answers, and beside it what is ours."""
        about = {
            "strategy": self.wanted.strategy,
            "runs": self.wanted.runs,
            "architecture": self.found.architecture,
            "cpuPart": tuning.cpu_part(self._here),
            "factor": self.factor,
            "cores": self.found.cores,
            "failed": {str(power): why for power, why in self.found.failed.items()},
            "notes": self.notes(),
        }
        return {**tuning.output(self.stats, self.best, len(self.wanted.powers)), "lambent": about}

    def notes(self) -> list[str]:
        """How far it carries over, in sentences."""
        part, most = tuning.cpu_part(self._here), self.found.cores * MB_PER_VCPU
        notes = [f"{power} MB is left out: {why}" for power, why in sorted(self.found.failed.items())]
        if self.found.load > self.found.cores / 2:
            notes.append(
                f"the machine had other work (a load of {self.found.load:.1f}): measure again when it has none"
            )
        if part is not None:
            notes.append(
                f"about {part:.0%} of the time at the least power is CPU: on AWS by one factor faster or slower, the "
                "same for every power; the rest waits for what answers sooner here than there"
            )
        if max(self.found.runs) > most:
            notes.append(f"this machine has {self.found.cores} cores: above {most:,} MB nothing gets faster here")
        if self.wanted.on_aws:
            notes.append(f"all durations are {self.factor:.2f} times those of this machine, as the figure of AWS says")
        elif part is None or part > 0:
            notes.append("a run on AWS calibrates it: lambent tune --on-aws MB=MILLISECONDS, of a REPORT line there")
        return notes


def tune(target: Target, wanted: Wanted, told: Callable[[str], object] = lambda _: None) -> Tuned:
    """Measure. `told` is given a line for each power. Raises CliError where nothing can be found out."""
    _require_share(target)
    source = Source(target, account_of(os.environ))
    account = TrialAccount(target, source, wanted.function, whole_cpu=False)
    place = Place(account, Chain(account, Ways(source, wanted.function), results=False))
    try:
        account.open()
        found = Measuring(place, wanted, told).run()
    finally:
        account.close()
    if not found.runs:
        raise CliError(f"{wanted.function} works at no power: {next(iter(found.failed.values()))}")
    if wanted.on_aws and wanted.on_aws[0] not in found.runs:
        raise CliError(f"--on-aws: {wanted.on_aws[0]} MB was not measured")
    return Tuned(wanted, found)


def _require_share(target: Target) -> None:
    """Raises CliError where environments have no share of the CPU by their memory."""
    share = target.health().get("isolation", {}).get("promises", {}).get("cpu_share", {})
    if not share.get("kept"):
        remedy = f": {share['remedy']}" if share.get("remedy") else ""
        raise CliError(f"{NO_SHARE.format(how=share.get('how', 'not said why'))}{remedy}")


@dataclass(slots=True)
class Measuring:
    """One function in its account."""

    place: Place
    wanted: Wanted
    told: Callable[[str], object]

    def run(self) -> Found:
        """Each power after the other: two at once would take each other's CPU."""
        about = self.place.account.own("lambda").get_function_configuration(FunctionName=self.wanted.function)
        found = Found((about.get("Architectures") or ["x86_64"])[0], os.cpu_count() or 1, os.getloadavg()[0])
        for power in self.wanted.powers:
            self.place.account.resize(power)
            runs, why = self._runs()
            if why:
                found.failed[power] = why
            else:
                found.runs[power] = runs
            self.told(f"{power} MB: {why or f'{tuning.trimmed_mean([run.took for run in runs]):,.1f} ms'}")
        return found

    def _runs(self) -> tuple[list[Run], str]:
        """The runs with the memory that it has now; or why there are none."""
        runs: list[Run] = []
        while len(runs) < self.wanted.runs:
            answers = self._answers(self.wanted.runs if self.wanted.parallel else 1)
            why = next((one.error for one in answers if one.error), "")
            if why:
                return [], why
            said = [tuning.read_report(one.log) for one in answers]
            if None in said:
                return [], "a run has no REPORT line"
            runs += [one for one in said if one is not None]
        return runs, ""

    def _answers(self, many: int) -> list[Answer]:
        account = self.place.account
        answers = account.invoke([(account.turned(self.wanted.event), []) for _ in range(many)])
        self.place.undo([call for one in answers for call in one.calls])
        return answers
