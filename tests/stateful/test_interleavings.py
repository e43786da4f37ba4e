"""Random interleavings of the control plane's calls, with kill -9 in between, against a small model of the state.

LAMBENT_STATEFUL_SECONDS runs it for that long (with other choices each time), instead of a few fixed examples.
"""

import base64
import hashlib
import itertools
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.stateful.expected import CONFLICT, Account, apply, settled, shown
from tests.stateful.worker import Call, Worker
from tests.unit.services_lambda.plane import package

SECONDS = float(os.environ.get("LAMBENT_STATEFUL_SECONDS", "0"))
STALE = "11111111-1111-4111-8111-111111111111"
ACCOUNTS = ("111111111111", "222222222222")
CODES = {package(text): text for text in ("one", "two", "three")}
SHA = {base64.b64encode(hashlib.sha256(zipped).digest()).decode(): zipped for zipped in CODES}
COUNTED: Counter[str] = Counter()

names = st.sampled_from(["f", "g"])
versions = st.sampled_from(["$LATEST", "1", "2", "3"])
codes = st.sampled_from(sorted(CODES))
timeouts = st.integers(1, 4)
keys = st.sampled_from(["a", "b"])
stale = st.sampled_from([{}, {}, {}, {"RevisionId": STALE}])


def _arn(account: str, name: str) -> str:
    return f"arn:aws:lambda:us-east-1:{account}:function:{name}"


@st.composite
def pointers(draw: st.DrawFn) -> dict[str, Any]:
    """Where an alias leads."""
    other = draw(st.none() | st.sampled_from(["1", "2"]))
    weights = {other: 0.5} if other else {}
    return {"FunctionVersion": draw(versions), "RoutingConfig": {"AdditionalVersionWeights": weights}}


@st.composite
def creates(draw: st.DrawFn) -> Call:
    """CreateFunction, of any account."""
    account = draw(st.sampled_from(ACCOUNTS))
    params = {
        "FunctionName": draw(names),
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Role": f"arn:aws:iam::{account}:role/r",
        "Timeout": draw(timeouts),
        "Code": {"ZipFile": draw(codes)},
        "Publish": draw(st.booleans()),
        "Tags": draw(st.dictionaries(keys, st.just("v"))),
    }
    return "CreateFunction", account, params


@st.composite
def changes(draw: st.DrawFn) -> Call:
    """Any other call, of any account."""
    account, name = draw(st.sampled_from(ACCOUNTS)), draw(names)
    one, alias = {"FunctionName": name}, {"FunctionName": name, "Name": draw(st.sampled_from(["x", "y"]))}
    operation, params = draw(
        st.sampled_from(
            [
                ("DeleteFunction", {**one, "Qualifier": draw(st.sampled_from(["1", "2", "3"]))}),
                ("UpdateFunctionConfiguration", {**one, "Timeout": draw(timeouts), **draw(stale)}),
                ("UpdateFunctionCode", {**one, "ZipFile": draw(codes), "Publish": draw(st.booleans()), **draw(stale)}),
                ("PublishVersion", {**one, "Description": draw(st.sampled_from(["", "d"])), **draw(stale)}),
                ("CreateAlias", {**alias, **draw(pointers())}),
                ("UpdateAlias", {**alias, **draw(pointers())}),
                ("DeleteAlias", alias),
                ("PutFunctionConcurrency", {**one, "ReservedConcurrentExecutions": draw(st.sampled_from([0, 7, 500]))}),
                ("DeleteFunctionConcurrency", one),
                ("TagResource", {"Resource": _arn(account, name), "Tags": {draw(keys): draw(keys)}}),
                ("UntagResource", {"Resource": _arn(account, name), "TagKeys": [draw(keys)]}),
            ]
        )
    )
    return operation, account, params


deletes = st.builds(
    lambda account, name: ("DeleteFunction", account, {"FunctionName": name}), st.sampled_from(ACCOUNTS), names
)


def calls() -> st.SearchStrategy[Call]:
    """Any call; most change something of a function."""
    return st.one_of(creates(), changes(), changes(), changes(), changes(), deletes)


class Interleavings(RuleBasedStateMachine):
    """The control plane beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lambent-stateful-"))
        self.worker = Worker(self.folder)
        self.accounts = {account: Account() for account in ACCOUNTS}

    def teardown(self) -> None:
        """Nothing is left of the process and its folder."""
        self.worker.end()
        shutil.rmtree(self.folder)

    @initialize(calls=st.lists(creates(), max_size=3))
    def some_functions(self, calls: list[Call]) -> None:
        """Most histories begin with functions that are ready."""
        for call in calls:
            self._call(call)
        self.rest()

    @rule(steps=st.lists(calls() | st.none(), min_size=1, max_size=8))
    def calls_and_rests(self, steps: list[Call | None]) -> None:
        """Each call does what the model says; what is under way ends at some of the steps."""
        for step in steps:
            if step is None:
                self.rest()
            else:
                self._call(step)

    def _call(self, call: Call) -> None:
        COUNTED["calls"] += 1
        [(said, answer)] = self.worker.do(call)
        after, expected = self._expected(self.accounts, call)
        assert (said if said == "ok" else answer) == expected, call
        COUNTED[f"{call[0]} {expected}"] += 1
        self.accounts = after
        self._check(after)

    @rule(first=calls(), second=calls())
    def two_at_once(self, first: Call, second: Call) -> None:
        """Two calls at once are as one after the other; or one of them is told of the conflict and does nothing."""
        COUNTED["pairs"] += 1
        outcomes = [said if said == "ok" else answer for said, answer in self.worker.do(first, second)]
        possible = []
        for order in ((0, 1), (1, 0)):
            state, codes_ = self.accounts, ["", ""]
            for which in order:
                state, codes_[which] = self._expected(state, (first, second)[which])
            possible.append((state, codes_))
        for which, call in ((0, first), (1, second)):
            state, code = self._expected(self.accounts, call)
            possible.append((state, [code, CONFLICT] if which == 0 else [CONFLICT, code]))
        seen = self._seen()
        fitting = [state for state, codes_ in possible if codes_ == outcomes and self._shown(state) == seen]
        assert fitting, f"{_brief(first)} and {_brief(second)} answered {outcomes}; now there is {seen}"
        self.accounts = fitting[0]

    def rest(self) -> None:
        """What is under way ends."""
        self.worker.settle()
        self.accounts = {name: settled(account) for name, account in self.accounts.items()}
        self._check(self.accounts)

    @rule()
    def kill(self) -> None:
        """Nothing that was answered is lost, down to the RevisionIds."""
        COUNTED["kills"] += 1
        before = self._seen(revisions=True)
        self.worker.kill()
        assert self._seen(revisions=True) == before

    @rule(call=calls(), delay=st.integers(0, 30))
    def kill_during_a_call(self, call: Call, delay: int) -> None:
        """A call that was killed has happened, or has not."""
        COUNTED["kills during a call"] += 1
        self.worker.begin(call)
        time.sleep(delay / 10_000)
        self.worker.kill()
        after, _ = self._expected(self.accounts, call)
        seen = self._seen()
        fitting = [state for state in (self.accounts, after) if self._shown(state) == seen]
        assert fitting, f"{_brief(call)} was killed; now there is {seen}"
        self.accounts = fitting[0]

    @precondition(lambda self: any(account.functions for account in self.accounts.values()))
    @rule()
    def pages(self) -> None:
        """Paged lists hold what the whole ones hold."""
        for account in ACCOUNTS:
            whole = self._asked(account, "ListFunctions", FunctionVersion="ALL")["Functions"]
            paged, marker = [], {}
            for _ in range(50):
                page = self._asked(account, "ListFunctions", FunctionVersion="ALL", MaxItems=1, **marker)
                paged += page["Functions"]
                if "NextMarker" not in page:
                    break
                marker = {"Marker": page["NextMarker"]}
            assert paged == whole

    def _expected(self, accounts: dict[str, Account], call: Call) -> tuple[dict[str, Account], str]:
        operation, account, params = call
        after, code = apply(accounts[account], operation, params)
        return {**accounts, account: after}, code

    def _asked(self, account: str, operation: str, **params: Any) -> Any:
        [(said, answer)] = self.worker.do((operation, account, params))
        assert said == "ok", answer
        return answer

    def _check(self, accounts: dict[str, Account]) -> None:
        assert self._seen() == self._shown(accounts)

    def _shown(self, accounts: dict[str, Account]) -> dict[str, Any]:
        return {name: shown(account) for name, account in accounts.items()}

    def _seen(self, revisions: bool = False) -> dict[str, Any]:
        """Everything that the API shows, in the form of the model."""
        return {account: self._account(account, revisions) for account in ACCOUNTS}

    def _account(self, account: str, revisions: bool) -> dict[str, Any]:
        listed = self._asked(account, "ListFunctions")["Functions"]
        return {one["FunctionName"]: self._function(account, one["FunctionName"], revisions) for one in listed}

    def _function(self, account: str, name: str, revisions: bool) -> dict[str, Any]:
        asked = {"FunctionName": name}
        found = self._asked(account, "GetFunction", **asked)
        configuration = found["Configuration"]
        versions = {
            one["Version"]: self._asked(account, "GetFunctionConfiguration", **asked, Qualifier=one["Version"])
            for one in self._asked(account, "ListVersionsByFunction", **asked)["Versions"]
            if one["Version"] != "$LATEST"
        }
        aliases = self._asked(account, "ListAliases", **asked)["Aliases"]
        seen = {
            "timeout": configuration["Timeout"],
            "code": SHA[configuration["CodeSha256"]],
            "phase": _phase(configuration),
            "tags": found.get("Tags", {}),
            "reserved": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "versions": {
                number: (one["Timeout"], SHA[one["CodeSha256"]], one["Description"], one["State"] == "Active")
                for number, one in versions.items()
            },
            "aliases": {one["Name"]: (one["FunctionVersion"], _other(one)) for one in aliases},
        }
        if revisions:
            seen["revisions"] = [one["RevisionId"] for one in (configuration, *versions.values(), *aliases)]
        return seen


def _brief(call: Call) -> str:
    operation, account, params = call
    return f"{operation} of {account[0]} { ({key: value for key, value in params.items() if 'Zip' not in str(value)}) }"


def _phase(configuration: dict[str, Any]) -> str:
    if configuration["State"] == "Pending":
        return "creating"
    return "updating" if configuration["LastUpdateStatus"] == "InProgress" else "ready"


def _other(alias: dict[str, Any]) -> str | None:
    return next(iter(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})), None)


QUIET = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def test_random_interleavings() -> None:
    if not SECONDS:
        run_state_machine_as_test(
            Interleavings, settings=settings(max_examples=6, stateful_step_count=25, derandomize=True, **QUIET)
        )
        return
    end = time.monotonic() + SECONDS
    for round_ in itertools.count(1):
        long = settings(max_examples=10, stateful_step_count=50, phases=[Phase.generate], **QUIET)
        run_state_machine_as_test(Interleavings, settings=long)
        if time.monotonic() > end:
            print(f"{round_} rounds: {dict(COUNTED)}")
            return


if SECONDS:
    import pytest

    test_random_interleavings = pytest.mark.timeout(SECONDS + 300)(test_random_interleavings)
