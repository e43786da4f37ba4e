"""What is otherwise in the environments of a trial (see `gateway.torture`): a whole CPU, a full /tmp, another time.

Where how long a run takes is what is found out, environments have the CPU that goes by the function's memory."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambent.clock import Clock, Course
from lambent.environments.clock_dial import Dial
from lambent.environments.function_time import FunctionTime
from lambent.model.function import FunctionVersion
from lambent.runtimes.place import Place
from lambent.sandbox.spec import SandboxSpec

FULL_BYTES = 4096
"""What a full /tmp still takes: a size of 0 would be none."""
CPUS = 1.0
"""At least: what is waited for in a trial is what happens, not how fast."""


@dataclass(slots=True)
class TrialSettings:
    """Of all accounts that have a trial. `find` gives the functions of an environment made from now on what tells them
    another time; a clock is turned for one account at a time, since there is one dial."""

    dial: Path
    find: Callable[[Path], FunctionTime]
    places_tell: bool = False
    """Whether functions go by the platform's clock already: then there is no other."""
    sized: bool = True
    """Whether a /tmp has a size."""
    full: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    """Accounts whose environments have a whole CPU."""
    turned: str = ""
    _clock: "Turned | None" = None
    _dial: Dial | None = None
    _time: FunctionTime | None = None

    def spec(self, function: FunctionVersion, spec: SandboxSpec) -> SandboxSpec:
        """The sandbox of an environment."""
        account = function.scope.account
        if account in self.whole:
            spec = replace(spec, cpus=max(spec.cpus, CPUS))
        return replace(spec, tmp_bytes=FULL_BYTES) if account in self.full else spec

    def around(
        self, place: Callable[[FunctionVersion], Awaitable[Place]]
    ) -> Callable[[FunctionVersion], Awaitable[Place]]:
        """`place`, with another time where a trial turns the clock."""

        async def told(function: FunctionVersion) -> Place:
            found = await place(function)
            if self._time is None or function.scope.account != self.turned:
                return found
            return await self._time.tell(function, found)

        return told

    def begin(self, account: str, whole_cpu: bool = True) -> None:
        """A trial begins."""
        if whole_cpu:
            self.whole.add(account)

    def end(self, account: str) -> None:
        """It is over."""
        self.whole.discard(account)
        self.full.discard(account)
        if account == self.turned:
            self.turned = ""

    def fill(self, account: str, full: bool) -> bool:
        """Whether the /tmp of new environments is full; answers whether that can be done."""
        (self.full.add if full else self.full.discard)(account)
        return self.sized or not full

    def turn(self, account: str, ahead: float | None) -> bool:
        """Let the clock of an account's new environments (and of those that have it already) stand so many seconds
        ahead of the machine's; None: let it go as it did. Answers whether that can be done."""
        if ahead is None:
            self.turned = "" if account == self.turned else self.turned
            return True
        if self.places_tell or self.turned not in ("", account):
            return False
        if self._dial is None:
            self._clock = Turned()
            self._dial = Dial(self.dial, self._clock)
            self._time = self.find(self.dial)
        assert self._clock is not None
        self._clock.ahead = ahead
        self._dial.turn()
        self.turned = account
        return True

    def close(self) -> None:
        """The dial stands."""
        if self._dial is not None:
            self._dial.close()


class Turned(Clock):
    """Stands so many seconds ahead of the machine's clock: readers of a clock that goes look at its dial once."""

    ahead = 0.0

    def course(self) -> Course:
        """Until it is turned again."""
        return Course(0.0, 0, time.time_ns() + round(self.ahead * 1e9))
