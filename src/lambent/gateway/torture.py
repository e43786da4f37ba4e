"""PUT, POST and DELETE /_lambent/torture: what AWS does sooner or later, done to the invocations of a trial.

A trial is an account of its own, which a client fills. While it lasts, every call out of the account's environments
goes through here: it is kept, it may be made to fail, and it can't leave the trial: names of the account that it was
made after stand for the trial's own, what names anything else there is refused. Nothing of this touches an account that
has no trial. The token of the data folder is needed, as for a live folder.

    PUT     {"account", "source", "buckets": {name: the trial's}}      a trial begins; with "cpu": "by memory" its
                                                                       environments have no more than on AWS
    POST    {"account", "taps": {root: [fault]}, "collect": [root]}   invocations to come, by their trace's root;
                                                                       answers {"calls": {root: [call]}} of those over
    POST    {"account", "full": true | false, "ahead": seconds | null}  what environments made from now on find: a full
                                                                       /tmp, a clock that is ahead; answers {"set": …}
    DELETE  {"account"}                                                it is over

A fault: {"at": which call (from 0), "when": "before" | "after", "do": "crash" | "timeout" | "refuse" | "throttle" |
"lose" | "meet"}. "throttle" and "lose" happen once, "refuse" each time, and "meet" waits until the call of that number
in the invocation "with" has come as well.
"""

import asyncio
import contextlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from lambent.gateway.live_folder import HEADER, refused
from lambent.model.scope import Caller
from lambent.model.trace import root_in
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.service import Service

MEET_SECONDS, GRACE_SECONDS, LOOK_SECONDS = 1.5, 0.5, 0.05
"""How long a call waits for the other one: while that one's invocation runs, and at first in any case."""
MOST_CALLS = 10_000
BY_MEMORY = "by memory"
MOST_AHEAD = 10 * 365 * 86_400
"""Seconds that a clock may be turned."""
_NAMES = re.compile(r"arn:|http|(?:[a-z]+(?:-[a-z]+)+-\d:)?\d{12}:")
"""How texts begin that name something with its account: ARNs, URLs, and Lambda's parts of ARNs."""
_ACCOUNT = re.compile(r"\d{12}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOES = ("crash", "timeout", "refuse", "throttle", "lose", "meet")
THROTTLES = {"s3": ("SlowDown", 503), "dynamodb": ("ProvisionedThroughputExceededException", 400)}
"""How services say "slower", where it is not ThrottlingException."""

Harm = Callable[[str, str, str], None]
"""(account, root of the trace, "crash" | "timeout"): what is done to the environment that runs it."""
See = Callable[[Service, str, Mapping[str, Any]], dict[str, Any]]
"""What is kept of a call."""


class Surroundings(Protocol):
    """What environments of a trial find."""

    def begin(self, account: str, whole_cpu: bool) -> None: ...

    def end(self, account: str) -> None: ...

    def fill(self, account: str, full: bool) -> bool: ...

    def turn(self, account: str, ahead: float | None) -> bool: ...


@dataclass(slots=True)
class Tap:
    """One invocation: its calls, and what is to happen to them."""

    faults: list[dict[str, Any]]
    calls: list[dict[str, Any]] = field(default_factory=list)
    steps: dict[str, int] = field(default_factory=dict)
    """The SDK's id of a call -> its number: what an SDK tries again is the same call."""
    reached: dict[int, asyncio.Event] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    """id of a request -> its call."""
    request_id: str = ""
    """What its invocation has instead of a new one: AWS tries an asynchronous event again under the same."""

    def begin(self, request: Request, kept: dict[str, Any]) -> int:
        """A call has come; answers its number."""
        known = request.headers.get("amz-sdk-invocation-id") or f"request {len(self.calls)}"
        step = self.steps.setdefault(known, len(self.steps))
        if len(self.calls) < MOST_CALLS:
            self.open[id(request)] = len(self.calls)
            self.calls.append({"step": step, "error": "", "done": False, **kept})
        return step

    def arrive(self, step: int) -> asyncio.Event:
        """What is set when the call of that number has come."""
        return self.reached.setdefault(step, asyncio.Event())

    def due(self, step: int, when: str) -> dict[str, Any] | None:
        """What is to happen to a call now; each happens once, but for a refusal."""
        for fault in self.faults:
            if fault["at"] == step and fault.get("when", "before") == when:
                if fault["do"] != "refuse":
                    self.faults.remove(fault)
                return fault
        return None


@dataclass(slots=True)
class Trial:
    """An account that is made after another one."""

    source: str
    buckets: dict[str, str]
    taps: dict[str, Tap] = field(default_factory=dict)
    order: int = 0
    """Calls that came so far."""

    def inward(self, account: str, service: str, params: Any) -> None:
        """Turn what names the source to the trial's own; raise Fault for what can't be turned."""
        if service == "s3" and isinstance(params, dict):
            bucket = params.get("Bucket")
            if bucket is not None and bucket not in self.buckets.values():
                if bucket not in self.buckets:
                    raise Fault("NoSuchBucket", "The specified bucket does not exist", status=404)
                params["Bucket"] = self.buckets[bucket]
            source = params.get("CopySource")
            if isinstance(source, str):
                name, _, rest = source.lstrip("/").partition("/")
                params["CopySource"] = f"{self.buckets.get(name, name)}/{rest}"
        if self._names_source(params):
            text = f"A trial of {account} does not reach into account {self.source}."
            raise Fault("AccessDeniedException", text, status=403)

    def _names_source(self, value: Any) -> bool:
        if isinstance(value, str):
            return _NAMES.match(value) is not None and self.source in re.split("[:/]", value)
        if isinstance(value, dict):
            return any(self._names_source(inner) for inner in value.values())
        return isinstance(value, list) and any(self._names_source(inner) for inner in value)


class Trials:
    """All that go on. `harm` ends or times out the environment of an invocation, `runs` tells whether an invocation
    (account, root) runs, `see` keeps a call; `around` is what environments find."""

    def __init__(
        self,
        harm: Harm,
        see: See,
        around: Surroundings,
        runs: Callable[[str, str], bool] = lambda _account, _root: True,
    ) -> None:
        self._harm = harm
        self._see = see
        self._runs = runs
        self.around = around
        self.going: dict[str, Trial] = {}

    async def before(self, request: Request, caller: Caller, service: Service, operation: str, params: Any) -> None:
        """A call has come. Raises Fault for one that is to fail."""
        if not self.going or caller.held is None or caller.acting is not None or caller.scope.account not in self.going:
            return
        account, trial = caller.scope.account, self.going[caller.scope.account]
        kept = self._see(service, operation, params or {})
        trial.inward(account, service.name, params)
        root = _root(caller)
        tap = trial.taps.get(root)
        if tap is None:
            raise Fault("AccessDeniedException", "This trial is over.", status=403)
        trial.order += 1
        step = tap.begin(request, {**kept, "order": trial.order})
        tap.arrive(step).set()
        fault = tap.due(step, "before")
        if fault is not None:
            await self._do(fault, account, root, service)

    async def after(self, request: Request, caller: Caller, service: Service, fault: Fault | None) -> bool:
        """A call has ended; answers False when that was known. Raises Fault for one whose answer is lost."""
        trial = self.going.get(caller.scope.account) if self.going else None
        tap = trial.taps.get(_root(caller)) if trial is not None else None
        if tap is None:
            return True
        number = tap.open.pop(id(request), None)
        if number is None:
            return caller.held is None or caller.acting is not None
        call = tap.calls[number]
        call["done"], call["error"] = True, fault.code if fault is not None else ""
        due = tap.due(call["step"], "after") if fault is None else None
        if due is not None:
            await self._do(due, caller.scope.account, _root(caller), service)
        return True

    async def _do(self, fault: Mapping[str, Any], account: str, root: str, service: Service) -> None:
        what = fault["do"]
        if what == "meet":
            other = self.going[account].taps.get(str(fault["with"]))
            if other is not None:
                await self._meet(account, str(fault["with"]), other.arrive(fault["at"]))
            return
        if what in ("crash", "timeout"):
            self._harm(account, root, what)
            raise Fault("InternalFailure", "The trial ends here.", status=500)
        raise _failing(what, service.name)

    async def _meet(self, account: str, root: str, came: asyncio.Event) -> None:
        """Wait for a call of another invocation, as long as it may come."""
        waited = 0.0
        while waited < GRACE_SECONDS or (waited < MEET_SECONDS and self._runs(account, root)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(came.wait(), LOOK_SECONDS)
                return
            waited += LOOK_SECONDS

    def again(self, trace: str) -> str:
        """The id that an invocation is to have, by its trace header; "" for a new one."""
        for trial in self.going.values():
            tap = trial.taps.get(root_in(trace))
            if tap is not None:
                return tap.request_id
        return ""

    def begin(self, account: str, source: str, buckets: dict[str, str], whole_cpu: bool = True) -> None:
        """A trial begins."""
        self.going[account] = Trial(source, buckets)
        self.around.begin(account, whole_cpu)

    def end(self, account: str) -> None:
        """It is over."""
        self.going.pop(account, None)
        self.around.end(account)


def _failing(what: str, service: str) -> Fault:
    if what == "throttle":
        code, status = THROTTLES.get(service, ("ThrottlingException", 400))
        return Fault(code, "Rate exceeded", status=status)
    if what == "lose":
        return Fault("InternalFailure", "The answer was lost.", status=500)
    return Fault("AccessDenied" if service == "s3" else "AccessDeniedException", "Refused by the trial.", status=403)


def _root(caller: Caller) -> str:
    return root_in(caller.trace_id or "")


class TorturePage:
    """The page."""

    def __init__(self, token: str, trials: Trials) -> None:
        self._token = token
        self._trials = trials

    async def __call__(self, request: Request) -> Response:
        """200 with a document; 403 without the token, 400 for a bad request, 404 for no such trial."""
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self._token.encode()):
            return refused(403, "the token of the data folder is needed")
        try:
            said = orjson.loads(request.body)
            account = said["account"]
            if not _ACCOUNT.fullmatch(account):
                raise ValueError("account")
            return self._answer(request.method, account, said)
        except (ValueError, KeyError, TypeError, AttributeError):
            return refused(400, "a JSON object with account and what belongs to it is needed")

    def _answer(self, method: str, account: str, said: dict[str, Any]) -> Response:
        if method == "PUT":
            buckets = {str(name): str(other) for name, other in said["buckets"].items()}
            if not _ACCOUNT.fullmatch(said["source"]) or said["source"] == account:
                raise ValueError("source")
            self._trials.begin(account, said["source"], buckets, said.get("cpu") != BY_MEMORY)
            return _json({})
        if account not in self._trials.going:
            return refused(404, f"account {account} has no trial")
        if method == "DELETE":
            self._trials.end(account)
            return _json({})
        done = [self._trials.around.fill(account, bool(said["full"]))] if "full" in said else []
        if "ahead" in said:
            done.append(self._trials.around.turn(account, _seconds(said["ahead"])))
        trial = self._trials.going[account]
        request_id = str(said.get("request_id") or "")
        if request_id and not _ID.fullmatch(request_id):
            raise ValueError("request_id")
        for root, faults in said.get("taps", {}).items():
            trial.taps[root] = Tap([_checked(fault) for fault in faults], request_id=request_id)
        over = {root: trial.taps.pop(root).calls for root in said.get("collect", ()) if root in trial.taps}
        return _json({"calls": over, "set": all(done)})


def _seconds(ahead: Any) -> float | None:
    """Raises ValueError for what no clock goes to."""
    if ahead is not None and not -MOST_AHEAD <= float(ahead) <= MOST_AHEAD:
        raise ValueError("ahead")
    return None if ahead is None else float(ahead)


def _checked(fault: dict[str, Any]) -> dict[str, Any]:
    if fault["do"] not in _DOES or not isinstance(fault["at"], int):
        raise ValueError("fault")
    return {**fault, "with": str(fault.get("with", ""))}


def _json(document: dict[str, Any]) -> Response:
    return Response(200, [("Content-Type", "application/json")], orjson.dumps(document, default=str))
