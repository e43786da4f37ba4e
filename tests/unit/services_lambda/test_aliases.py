"""Aliases: rules, weights, and where an invocation goes."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest
from plane import HERE, Plane
from test_versions import ARN, publish, ready

from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.lambda_.aliases.routing import leads_to
from lambent.services.lambda_.lookup import running_at_once, running_version
from lambent.wire.fault import Fault


async def two_versions(plane: Plane) -> None:
    await ready(plane)
    await publish(plane)
    await publish(plane)


def routed(**weights: float) -> dict:
    return {"AdditionalVersionWeights": {name.removeprefix("v"): weight for name, weight in weights.items()}}


async def create(plane: Plane, name: str = "live", version: str = "1", **params) -> dict:
    return await plane.call("CreateAlias", FunctionName="f", Name=name, FunctionVersion=version, **params)


def test_the_life_of_an_alias(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        made = await create(plane, Description="d", RoutingConfig=routed(v2=0.25))
        assert made == {
            "AliasArn": f"{ARN}:live", "Name": "live", "FunctionVersion": "1", "Description": "d",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.25}}, "RevisionId": made["RevisionId"],
        }  # fmt: skip
        assert await plane.call("GetAlias", FunctionName=ARN, Name="live") == made
        moved = await plane.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={})
        assert (moved["FunctionVersion"], moved["Description"]) == ("2", "d")
        assert "RoutingConfig" not in moved
        assert moved["RevisionId"] != made["RevisionId"]
        await plane.call("DeleteAlias", FunctionName="f", Name="live")
        await plane.call("DeleteAlias", FunctionName="f", Name="live")
        gone = await plane.refused("GetAlias", FunctionName="f", Name="live")
        assert gone.message == f"Cannot find alias arn: {ARN}:live"
        await plane.call("DeleteFunction", FunctionName="f")
        missing = await plane.refused("DeleteAlias", FunctionName="f", Name="live")
        assert missing.message == f"Function not found: {ARN}"

    stage(scene)


def test_an_update_is_held_to_the_rules_as_a_whole(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        await create(plane, RoutingConfig=routed(v2=0.5))
        change = {"FunctionName": "f", "Name": "live"}
        same = await plane.refused("UpdateAlias", **change, FunctionVersion="2")
        assert "Function version 2 is already included" in str(same.message)
        latest = await plane.refused("UpdateAlias", **change, FunctionVersion="$LATEST")
        assert latest.message == "$LATEST is not supported for an alias pointing to more than 1 version"
        assert latest.members == {"Type": None}
        stale = await plane.refused("UpdateAlias", **change, RevisionId="x", Description="new")
        assert stale.code == "PreconditionFailedException"
        swapped = await plane.call("UpdateAlias", **change, FunctionVersion="2", RoutingConfig=routed(v1=0.5))
        assert swapped["RoutingConfig"] == routed(v1=0.5)

    stage(scene)


def test_aliases_are_listed_by_name_and_by_version(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        for name, version in (("c", "1"), ("a", "2"), ("b", "1")):
            await create(plane, name, version)
        first = await plane.call("ListAliases", FunctionName="f", MaxItems=2)
        assert [one["Name"] for one in first["Aliases"]] == ["a", "b"]
        rest = await plane.call("ListAliases", FunctionName="f", Marker=first["NextMarker"])
        assert ([one["Name"] for one in rest["Aliases"]], "NextMarker" in rest) == (["c"], False)
        of_one = await plane.call("ListAliases", FunctionName="f", FunctionVersion="1")
        assert [one["Name"] for one in of_one["Aliases"]] == ["b", "c"]
        missing = await plane.refused("ListAliases", FunctionName="no")
        assert missing.message == f"Function not found: {ARN.removesuffix('f')}no"

    stage(scene)


@pytest.mark.parametrize("name", ["f:live", f"{ARN}:live", "111111111111:function:f:live"])
def test_an_alias_is_a_qualifier_in_every_form_of_name(stage, name: str) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        await create(plane, version="2")
        found = await plane.call("GetFunction", FunctionName=name)
        assert found["Configuration"]["Version"] == "2"
        assert found["Configuration"]["FunctionArn"] == f"{ARN}:live"
        said = await plane.call("GetFunctionConfiguration", FunctionName="f", Qualifier="live")
        assert said == found["Configuration"]
        target = running_version(plane.env, Caller(HERE, "request"), name, None)
        assert (target.function.version, target.arn) == ("2", f"{ARN}:live")
        no = await plane.refused("GetFunction", FunctionName=name.replace("live", "dead"))
        assert no.message == f"Function not found: {ARN}:dead"

    stage(scene)


def test_weights_decide_and_a_seed_decides_again(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        await create(plane, RoutingConfig=routed(v2=0.25))
        ref = FunctionRef(HERE, "f", "live")

        def run(seed: int) -> list[str]:
            env = replace(plane.env, chance=random.Random(seed).random)
            targets = [running_at_once(env, ref) for _ in range(400)]
            return [target.function.version for target in targets if target is not None]

        assert run(7) == run(7) != run(8)
        assert 70 <= Counter(run(7))["2"] <= 130

    stage(scene)


def test_no_choice_asks_no_chance() -> None:
    def never() -> float:
        raise AssertionError("asked")

    assert leads_to({"FunctionVersion": "3"}, never) == "3"
    weighted = {"FunctionVersion": "1", "RoutingConfig": routed(v2=0.5)}
    assert [leads_to(weighted, lambda draw=draw: draw) for draw in (0.0, 0.49, 0.5, 0.99)] == ["2", "2", "1", "1"]
    assert leads_to(weighted | {"RoutingConfig": routed(v2=0.0)}, lambda: 0.0) == "1"
    assert leads_to(weighted | {"RoutingConfig": routed(v2=1.0)}, lambda: 0.999) == "2"


def test_an_invocation_of_what_is_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        await ready(plane)
        for qualifier, shown in ((None, "$LATEST"), ("9", "9"), ("dead", "dead")):
            name = "g" if qualifier is None else "f"
            with pytest.raises(Fault) as caught:
                running_version(plane.env, Caller(HERE, "request"), name, qualifier)
            assert caught.value.message == f"Function not found: {ARN.removesuffix('f')}{name}:{shown}"
            assert running_at_once(plane.env, FunctionRef(HERE, name, qualifier)) is None

    stage(scene)


def test_no_alias_leads_to_a_version_that_is_gone(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        await asyncio.gather(
            create(plane),
            plane.call("DeleteFunction", FunctionName="f", Qualifier="1"),
            create(plane, "other"),
            return_exceptions=True,
        )
        aliases = (await plane.call("ListAliases", FunctionName="f"))["Aliases"]
        there = plane.env.functions.current(HERE, "f", "1") is not None
        assert bool(aliases) == there

    stage(scene)


def test_aliases_go_with_their_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        await two_versions(plane)
        await create(plane)
        await plane.call("DeleteFunction", FunctionName="f")
        await ready(plane)
        assert await plane.call("ListAliases", FunctionName="f") == {"Aliases": []}

    stage(scene)
