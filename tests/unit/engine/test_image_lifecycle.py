"""The examples of AWS's documentation of lifecycle policies, and what it says of rules together."""

from typing import Any

import pytest

from lambent.engine.image_lifecycle import DAY, Image, Unbuilt, expired, rules_of

NOW = 100 * DAY


def rule(
    priority: int, most: int, count: str = "imageCountMoreThan", action: str = "expire", **more: Any
) -> dict[str, Any]:
    selection = {"tagStatus": "any", "countType": count, "countNumber": most, **more}
    if count == "sinceImagePushed":
        selection.setdefault("countUnit", "days")
    return {"rulePriority": priority, "selection": selection, "action": {"type": action}}


def of(*rules: dict[str, Any], images: tuple[Image, ...]) -> dict[str, int]:
    return expired(rules_of({"rules": list(rules)}), images, NOW)


def image(name: str, *tags: str, days: float = 1) -> Image:
    return Image(name, tags, NOW - days * DAY)


def test_untagged_images_expire_by_their_age() -> None:
    said = rule(1, 14, "sinceImagePushed", tagStatus="untagged")
    images = (image("old", days=15), image("new", days=14), image("named", "a", days=90))
    assert of(said, images=images) == {"old": 1}


def test_the_newest_are_kept() -> None:
    images = (image("a", days=3), image("b", days=1), image("c", days=2))
    assert of(rule(1, 1), images=images) == {"a": 1, "c": 1}


def test_an_image_has_all_of_the_patterns() -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html"""
    said = rule(1, 1, "sinceImagePushed", tagStatus="tagged", tagPrefixList=["alpha", "beta"])
    images = (image("both", "alpha1", "beta1", days=9), image("one", "alpha2", days=9))
    assert of(said, images=images) == {"both": 1}
    wild = rule(1, 1, "sinceImagePushed", tagStatus="tagged", tagPatternList=["prod*-v?"])
    assert of(wild, images=(image("x", "prod1-v?", days=9), image("y", "prod1-v2", days=9))) == {"x": 1}


def test_what_a_rule_selects_is_none_for_later_rules_but_counts_for_them() -> None:
    """The example of three rules (A and B have `prod`, C and D none)."""
    first = rule(1, 1, tagStatus="tagged", tagPrefixList=["prod"])
    images = (image("A", "prod1", days=4), image("B", "prod2", days=3), image("C", "x", days=2), image("D", days=1))
    assert of(first, rule(2, 1), images=images) == {"A": 1, "C": 2}
    by_age = rule(5, 1, "sinceImagePushed")
    assert of(first, by_age, images=images) == {"A": 1, "C": 5}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({}, "rules"),
        ({"rules": [1]}, "selection"),
        ({"rules": [rule(1, 0)]}, "countNumber"),
        ({"rules": [rule(1, True)]}, "countNumber"),
        ({"rules": [rule(1, 1), rule(1, 1, tagStatus="untagged")]}, "unique"),
        ({"rules": [rule(1, 1), rule(2, 1, tagStatus="untagged")]}, "highest rulePriority"),
        ({"rules": [rule(1, 1, tagStatus="tagged")]}, "tagPatternList"),
        ({"rules": [rule(1, 1, tagPrefixList=["a"])]}, "tagPatternList"),
        ({"rules": [rule(1, 1, tagStatus="tagged", tagPatternList=["*****"])]}, "wildcards"),
        ({"rules": [rule(1, 1, countUnit="days")]}, "countUnit"),
        ({"rules": [rule(1, 1, "sinceImagePushed", countUnit="weeks")]}, "countUnit"),
        ({"rules": [rule(1, 1, action="burn")]}, "expire or transition"),
        ([], "rules"),
    ],
)
def test_a_policy_that_is_none_is_refused(policy: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rules_of(policy)


@pytest.mark.parametrize("said", [rule(1, 1, action="transition"), rule(1, 1, "sinceImagePulled", countUnit="days")])
def test_what_is_not_carried_out_is_named(said: dict[str, Any]) -> None:
    with pytest.raises(Unbuilt):
        rules_of({"rules": [said]})
