"""One S3 for all tests of this folder; each has buckets of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services_s3.plane import Plane, serving


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    with serving(Path(tmp_path_factory.mktemp("s3"))) as found:
        yield found


@pytest.fixture
def s3(plane: Plane) -> Any:
    return plane.client()


_count = iter(range(1_000_000))


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{next(_count)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def refused() -> Callable[..., tuple[str, int]]:
    """The code and status with which a call is refused."""
    from botocore.exceptions import ClientError

    def refused(call: Callable[..., Any], **params: Any) -> tuple[str, int]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        said = caught.value.response
        return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]

    return refused
