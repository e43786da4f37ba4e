"""What a caller is told of an error of ours."""

import errno

import pytest

from lambent.gateway.chain import ours
from lambent.store.errors import StoreBroken, StoreFull


@pytest.mark.parametrize("error", [StoreFull("no space"), OSError(errno.ENOSPC, "no space")])
def test_a_full_disk_is_named_with_what_to_do(error: Exception) -> None:
    fault = ours("the-id", error)
    assert (fault.status, fault.code) == (500, "ServiceException")
    assert fault.message == (
        "Lambent failed on this request (the-id): the disk of the data folder is full: make room there and try again "
        "(no space)."
    )


@pytest.mark.parametrize("error", [StoreBroken("x"), OSError(errno.EIO, "x"), ValueError("x")])
def test_anything_else_is_in_the_log(error: Exception) -> None:
    assert "its log has the reason under the-id" in str(ours("the-id", error).message)


def test_a_number_that_is_too_long_is_its_senders_fault() -> None:
    with pytest.raises(ValueError, match="Exceeds") as caught:
        int("9" * 5_000)
    assert ours("the-id", caught.value).status == 400
