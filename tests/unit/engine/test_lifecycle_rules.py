"""What lifecycle rules say of a key's versions, on a clock that is a number."""

from typing import Any

import pytest

from lambent.engine.lifecycle import DAY, Expired, Seen, abandoned, due, expired

T = 100 * DAY + 3_600.0
"""One in the morning."""


def rule(**said: Any) -> dict[str, Any]:
    return {"Status": "Enabled", "Filter": {}, **said}


def seen(version: str = "null", modified: float = T, *, marker: bool = False, size: int = 10, **tags: str) -> Seen:
    return Seen(version, marker, size, modified, tags)


def test_days_are_rounded_up_to_midnight() -> None:
    assert due(T, 1) == 102 * DAY
    assert due(100 * DAY, 1) == 101 * DAY
    rules = [rule(Expiration={"Days": 1})]
    assert expired(rules, "k", [seen()], 102 * DAY - 1) == []
    assert expired(rules, "k", [seen()], 102 * DAY) == [Expired()]
    assert expired([rule(Expiration={"Days": 1}, Status="Disabled")], "k", [seen()], 200 * DAY) == []


def test_a_date() -> None:
    rules = [rule(Expiration={"Date": "1970-04-11T00:00:00+00:00"})]
    assert expired(rules, "k", [seen()], 100 * DAY - 1) == []
    assert expired(rules, "k", [seen()], 100 * DAY) == [Expired()]


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"Prefix": "a/"}, True),
        ({"Prefix": "b/"}, False),
        ({"Tag": {"Key": "t", "Value": "1"}}, True),
        ({"Tag": {"Key": "t", "Value": "2"}}, False),
        ({"ObjectSizeGreaterThan": 9}, True),
        ({"ObjectSizeGreaterThan": 10}, False),
        ({"ObjectSizeLessThan": 10}, False),
        ({"And": {"Prefix": "a/", "Tags": [{"Key": "t", "Value": "1"}], "ObjectSizeLessThan": 11}}, True),
        ({"And": {"Prefix": "a/", "Tags": [{"Key": "t", "Value": "1"}, {"Key": "u", "Value": "1"}]}}, False),
    ],
)
def test_filters(said: Any, taken: bool) -> None:
    rules = [rule(Filter=said, Expiration={"Days": 1})]
    assert bool(expired(rules, "a/k", [seen(t="1")], 200 * DAY)) is taken


def test_the_older_form_has_its_prefix_outside() -> None:
    rules = [{"Status": "Enabled", "Prefix": "b/", "Expiration": {"Days": 1}}]
    assert expired(rules, "a/k", [seen()], 200 * DAY) == []


def test_noncurrent_versions_go_by_when_they_were_replaced() -> None:
    versions = [seen("3", 110 * DAY), seen("2", 105 * DAY), seen("1", 100 * DAY)]
    rules = [rule(NoncurrentVersionExpiration={"NoncurrentDays": 3})]
    assert expired(rules, "k", versions, 107 * DAY) == []
    assert expired(rules, "k", versions, 108 * DAY) == [Expired("1")]
    assert expired(rules, "k", versions, 113 * DAY) == [Expired("2"), Expired("1")]
    kept = [rule(NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 1})]
    assert expired(kept, "k", versions, 113 * DAY) == [Expired("1")]


def test_a_marker_goes_when_it_hides_nothing() -> None:
    alone = [seen("m", marker=True, size=0)]
    for said in ({"ExpiredObjectDeleteMarker": True}, {"Days": 1}):
        assert expired([rule(Expiration=said)], "k", alone, 200 * DAY) == [Expired("m")]
        assert expired([rule(Expiration=said)], "k", [*alone, seen("1")], 200 * DAY) == []
    assert expired([rule(Expiration={"ExpiredObjectDeleteMarker": True})], "k", [seen()], 200 * DAY) == []


def test_uploads_that_nobody_ends() -> None:
    rules = [rule(Filter={"Prefix": "a/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 2})]
    assert not abandoned(rules, "a/k", T, 103 * DAY - 1)
    assert abandoned(rules, "a/k", T, 103 * DAY)
    assert not abandoned(rules, "b/k", T, 103 * DAY)
    assert not abandoned([rule(Expiration={"Days": 1})], "a/k", T, 103 * DAY)
