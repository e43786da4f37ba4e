"""Tags of everything that takes them."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from plane import Plane, same, same_refusal

from lambent.model.scope import Scope

RECORDED = json.loads((Path(__file__).parents[2] / "recorded" / "answers" / "api.json").read_text())
PREFIX = "arn:aws:lambda:us-east-1:111111111111:"
NOBODY = "00000000-0000-4000-8000-000000000000"
LIMIT = "Number of tags exceeds resource tag limit."


async def function(plane: Plane, **tags: Any) -> str:
    return str((await plane.create(**tags))["FunctionArn"])


async def mapping(plane: Plane, **tags: Any) -> str:
    await plane.create()
    plane.elsewhere["AmazonSQS.GetQueueUrl"] = {"QueueUrl": "http://q"}
    said = {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:us-east-1:111111111111:q"}
    made = await plane.call("CreateEventSourceMapping", **said, **tags)
    return str(made["EventSourceMappingArn"])


async def config(plane: Plane, **tags: Any) -> str:
    publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:111111111111:/signing-profiles/p"]}
    made = await plane.call("CreateCodeSigningConfig", AllowedPublishers=publishers, **tags)
    return str(made["CodeSigningConfig"]["CodeSigningConfigArn"])


MAKERS = {"function": function, "event_source_mapping": mapping, "code_signing_config": config}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_life_of_tags(stage, kind: str) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("tag_single", {"A": "tag-a"}),
        ("tag_multiple", {"B": "tag-b", "C": "tag-c"}),
        ("tag_overlap", {"C": "tag-c-newsuffix", "D": "tag-d"}),
        ("untag_single", {"A": ""}),
        ("untag_multiple", {"B": "", "C": ""}),
        ("untag_nonexisting", {"F": ""}),
        ("untag_existing_and_nonexisting", {"D": "", "F": ""}),
    ]
    answers = RECORDED["TestLambdaTag::test_tag_lifecycle"]

    async def scene(plane: Plane) -> None:
        arn = await MAKERS[kind](plane)
        for name, tags in steps:
            if name.startswith("untag"):
                said = await plane.call("UntagResource", Resource=arn, TagKeys=list(tags))
            else:
                said = await plane.call("TagResource", Resource=arn, Tags=tags)
            same(answers[f"{name}_response"], said, {})
            same(answers[f"{name}_response_listtags"], await plane.call("ListTags", Resource=arn), {})

    stage(scene)


@pytest.mark.parametrize("kind", MAKERS)
def test_tags_from_the_start_and_their_limits(stage, kind: str) -> None:
    async def scene(plane: Plane) -> None:
        arn = await MAKERS[kind](plane, Tags={"a": "b"})
        assert await plane.call("ListTags", Resource=arn) == {"Tags": {"a": "b"}}
        fault = await plane.refused("TagResource", Resource=arn, Tags={f"k{number}": "" for number in range(50)})
        assert fault.message == LIMIT
        for key in ("aws:x", "AWS:x"):
            fault = await plane.refused("TagResource", Resource=arn, Tags={key: "v"})
            assert fault.code == "InvalidParameterValueException"
        assert await plane.call("ListTags", Resource=arn) == {"Tags": {"a": "b"}}

    stage(scene)


@pytest.mark.parametrize("kind", MAKERS)
def test_tags_given_at_once_are_all_kept(stage, kind: str) -> None:
    async def scene(plane: Plane) -> None:
        arn = await MAKERS[kind](plane)
        await asyncio.gather(
            *(plane.call("TagResource", Resource=arn, Tags={f"k{number}": "v"}) for number in range(9))
        )
        assert len((await plane.call("ListTags", Resource=arn))["Tags"]) == 9

    stage(scene)


def test_tags_are_not_part_of_what_is_shown(stage) -> None:
    async def scene(plane: Plane) -> None:
        arn = await config(plane, Tags={"a": "b"})
        shown = await plane.call("GetCodeSigningConfig", CodeSigningConfigArn=arn)
        assert "Tags" not in shown["CodeSigningConfig"] and "tags" not in shown["CodeSigningConfig"]
        uuid = (await mapping(plane, Tags={"a": "b"})).rpartition(":")[2]
        assert not {"Tags", "tags"} & (await plane.call("GetEventSourceMapping", UUID=uuid)).keys()

    stage(scene)


MISSING = {
    "capacity_provider": "capacity-provider:none",
    "event_source_mapping": f"event-source-mapping:{NOBODY}",
    "lambda_function": "function:none",
}


@pytest.mark.parametrize(("kind", "operation"), list(itertools.product(MISSING, ("tag", "untag", "list"))))
def test_what_is_not_there_has_no_tags(stage, kind: str, operation: str) -> None:
    calls = {
        "tag": ("TagResource", {"Tags": {"a": "b"}}),
        "untag": ("UntagResource", {"TagKeys": ["a"]}),
        "list": ("ListTags", {}),
    }
    name, params = calls[operation]

    async def scene(plane: Plane) -> None:
        fault = await plane.refused(name, Resource=PREFIX + MISSING[kind], **params)
        recorded = RECORDED[f"TestLambdaTag::test_tag_exceptions[{kind}]"]
        same_refusal(recorded[f"not_found_exception_{operation}"], fault)

    stage(scene)


def test_another_accounts_resources_have_no_tags_here(stage) -> None:
    other = Scope("222222222222", "us-east-1")

    async def scene(plane: Plane) -> None:
        arn = await config(plane)
        assert (await plane.refused("ListTags", other, Resource=arn)).code == "ResourceNotFoundException"
        arn = await function(plane)
        assert (await plane.refused("ListTags", other, Resource=arn)).code == "AccessDeniedException"

    stage(scene)
