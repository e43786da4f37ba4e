"""Uploads to the registry that are under way: whose, and how many."""

from pathlib import Path

import pytest

from lambent.store.image_blobs import ImageBlobs, UploadMissing


def test_one_account_leaves_room_for_the_others(tmp_path: Path) -> None:
    """Uploads that nobody goes on with last an hour."""
    now = iter(range(100))
    blobs = ImageBlobs(tmp_path / "registry", lambda: float(next(now)), most=3, each=2)
    for one in "abcd":
        assert blobs.begin(one, one, "111111111111")
    assert blobs.begin("e", "e", "222222222222")
    for one in "ab":
        with pytest.raises(UploadMissing):
            blobs.received(one, one)
    assert [blobs.received(one, one) for one in "cde"] == [0, 0, 0]
