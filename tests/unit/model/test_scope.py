"""What can be an account and a region."""

import botocore.session
import pytest

from lambent.model.scope import REGION, Scope, checked_scope


def test_every_region_of_aws_is_one() -> None:
    session = botocore.session.Session()
    names = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    ]
    assert len(names) > 30
    assert [name for name in names if not REGION.fullmatch(name)] == []
    assert checked_scope("111111111111", "us-gov-west-1") == Scope("111111111111", "us-gov-west-1")


@pytest.mark.parametrize(
    ("account", "region"),
    [
        *(
            (account, "us-east-1")
            for account in ("", "1", "..", "11111111111a", "1" * 13, "111111111111\n", None, "١" * 12)
        ),
        *(
            ("111111111111", region)
            for region in ("", "..", "us-east-1/..", "us-east-1\n", "a" * 300, "US-EAST-1", None, 1)
        ),
    ],
)
def test_what_is_none_is_refused(account: object, region: object) -> None:
    with pytest.raises(ValueError):
        checked_scope(account, region)
