"""What EC2's forms say, which botocore's parser does not read."""

import time

from lambent.neighbour.request_model import Asked
from lambent.wire.http import Request


def params(form: str) -> dict[str, object]:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Asked("ec2", Request("POST", "/", "", headers, form.encode())).params


def test_what_is_numbered_is_a_list_with_what_is_said_beside_it() -> None:
    said = params("Action=DescribeInstances&Version=2016-11-15&InstanceId.1=a&InstanceId.2=b&X=1&X.1=2&X.2=3")
    assert said["InstanceId"] == ["a", "b"]
    assert said["X"] == ["1", "2", "3"]
    assert "Action" not in said


def test_as_long_a_list_as_is_taken_is_read_in_a_moment() -> None:
    many = "&".join(f"InstanceId.{number}=i" for number in range(1, 49_000))
    began = time.process_time()
    assert len(params(f"Action=DescribeInstances&Version=2016-11-15&{many}")["InstanceId"]) == 48_999  # type: ignore[arg-type]
    assert time.process_time() - began < 3
