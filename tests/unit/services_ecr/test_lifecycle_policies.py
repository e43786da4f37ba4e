"""Images expire by the lifecycle policies of their repositories, on the platform's clock."""

import asyncio
import json
from pathlib import Path
from typing import Any

from lambent.clock import Clock
from lambent.services.ecr.lifecycle import Expiry
from tests.unit.services_ecr.ecr_kit import Kit, with_kit
from tests.unit.services_ecr.test_repositories_and_images import ONE, TWO, refused

ON = {"repositoryName": "app"}
DAY = 86_400


def policy(count: str = "imageCountMoreThan", most: int = 1, **more: Any) -> str:
    selection = {"tagStatus": "any", "countType": count, "countNumber": most, **more}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


async def digests(kit: Kit) -> list[str]:
    return [one["imageDigest"] for one in (await kit.ask("DescribeImages", **ON))["imageDetails"]]


def test_images_go_in_an_hour_with_what_they_alone_need(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "one")
        kit.time += 1
        await kit.push("app", TWO, "two")
        tasks: list[asyncio.Task[None]] = []

        def spawn(work: Any) -> "asyncio.Task[None]":
            tasks.append(asyncio.get_running_loop().create_task(work))
            return tasks[-1]

        clock = Clock()
        expiry = Expiry(kit.env, clock, spawn)
        expiry.arm()
        await kit.ask("PutLifecyclePolicy", **ON, lifecyclePolicyText=policy())
        expiry.look()
        await asyncio.gather(*tasks)
        assert await digests(kit) == [TWO.manifest]
        assert (await kit.ask("GetLifecyclePolicy", **ON))["lastEvaluatedAt"] == kit.time
        only_of_one = set(ONE.blobs) - set(TWO.blobs) - {ONE.manifest}
        assert not {one.removeprefix("sha256:") for one in only_of_one} & kit.files()

    with_kit(tmp_path, test)


def test_a_preview_says_what_would_go_and_touches_nothing(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "one")
        kit.time += 3 * DAY
        await kit.push("app", TWO, "two")
        assert (await refused(kit, "GetLifecyclePolicyPreview", **ON))[0] == "LifecyclePolicyPreviewNotFoundException"
        assert (await refused(kit, "StartLifecyclePolicyPreview", **ON))[0] == "LifecyclePolicyNotFoundException"
        text = policy("sinceImagePushed", 2, countUnit="days")
        begun = await kit.ask("StartLifecyclePolicyPreview", **ON, lifecyclePolicyText=text)
        assert begun["status"] == "IN_PROGRESS"
        found = await kit.ask("GetLifecyclePolicyPreview", **ON)
        [one] = found["previewResults"]
        assert (found["status"], found["summary"]) == ("COMPLETE", {"expiringImageTotalCount": 1})
        assert (one["imageDigest"], one["imageTags"], one["appliedRulePriority"]) == (ONE.manifest, ["one"], 1)
        assert one["action"] == {"type": "EXPIRE"}
        untagged = await kit.ask("GetLifecyclePolicyPreview", **ON, filter={"tagStatus": "UNTAGGED"})
        assert untagged["previewResults"] == [] and len(await digests(kit)) == 2
        assert (await refused(kit, "GetLifecyclePolicy", **ON))[0] == "LifecyclePolicyNotFoundException"

    with_kit(tmp_path, test)


def test_a_policy_that_is_wrong_or_not_carried_out_is_not_kept(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        code, text = await refused(kit, "PutLifecyclePolicy", **ON, lifecyclePolicyText=policy(most=0))
        assert code == "InvalidParameterException" and "Lifecycle policy validation failure" in text
        unbuilt = policy("sinceImagePulled", countUnit="days")
        code, text = await refused(kit, "PutLifecyclePolicy", **ON, lifecyclePolicyText=unbuilt)
        assert code == "NotImplementedException" and "sinceImagePulled" in text
        assert (await refused(kit, "GetLifecyclePolicy", **ON))[0] == "LifecyclePolicyNotFoundException"

    with_kit(tmp_path, test)
