"""Requests to function URLs that are answered without a task: the same answers as by the chain, and nothing else."""

import functools
from typing import Any

import pytest
from plane import Plane
from test_function_urls_served import Site, Stream

from lambent.model import lineage
from lambent.model.invocation import Outcome, RestoreFailed, Throttled

TRACE = "Root=1-00000000-000000000000000000000001;Parent=0000000000000001;Sampled=1"
LOOP = functools.reduce(
    lambda header, _: lineage.advance(header, "arn:aws:lambda:us-east-1:111111111111:function:f").header,
    range(lineage.ROUNDS),
    TRACE,
)
"""A chain in which the function ran so often that it is stopped."""
OUTCOMES = [
    Outcome(b'{"statusCode":201,"headers":{"a":"1"},"cookies":["c=1"],"body":"b"}'),
    Outcome(b'{"statusCode":"x"}'),
    Outcome(b'"text"'),
    Outcome(b"{}", "Unhandled"),
    Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
    RestoreFailed("x"),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda one: str(one)[:40])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"method": "POST", "body": b"\xff", "content_type": "image/png", "cookie": "a=1; b=2"},
        {"region": "us-east-1", "origin": "https://page.example"},
    ],
)
def test_both_roads_give_the_same(stage: Any, outcome: Outcome | Exception, asked: dict[str, Any]) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
        await site.ask()
        site.invoker.outcome = outcome
        asked["x_amzn_trace_id"] = TRACE
        del site.invoker.asked[:]
        try:
            by_chain = await site.ask(**asked)
        except RestoreFailed:
            by_chain = None
        at_once = site.at_once(**asked)
        assert at_once == by_chain
        first, second = site.invoker.asked
        assert first == second

    stage(scene)


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"AuthType": "AWS_IAM"}, {}),
        ({"Cors": {"AllowOrigins": ["*"]}}, {}),
        ({"InvokeMode": "RESPONSE_STREAM"}, {}),
        ({}, {"region": "eu-west-1"}),
        ({}, {"region": ""}),
        ({}, {"body": b"x" * (6 << 20)}),
        ({}, {"x_amzn_trace_id": LOOP}),
    ],
)
def test_what_is_not_ordinary_goes_by_the_chain(stage: Any, settings: dict[str, Any], asked: dict[str, Any]) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"), **settings)
        site.invoker.given = Stream([b'"streamed"'])
        await site.ask()
        assert site.at_once(**asked) is None

    stage(scene)


def test_nobody_is_let_in_before_the_policy_was_asked_nor_after_it_has_changed(stage: Any) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
        assert site.at_once() is None
        assert (await site.ask()).status == 201
        assert site.at_once() is not None
        await plane.call("RemovePermission", FunctionName="f", StatementId="InvokeFunctionUrl")
        assert site.at_once() is None
        assert (await site.ask()).status == 403
        assert site.at_once() is None

    stage(scene)


def test_an_error_of_ours_is_answered_under_its_id(stage: Any) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
        await site.ask()
        site.invoker.outcome = OSError("disk")
        answer = site.at_once()
        assert answer is not None
        assert (answer.status, answer.body) == (500, b"00000000-0000-1 disk")

    stage(scene)
