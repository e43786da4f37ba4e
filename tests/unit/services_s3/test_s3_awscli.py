"""The AWS CLI's own commands for S3."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.unit.services_s3.plane import Plane


def aws(plane: Plane, *arguments: str) -> str:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": plane.endpoint,
        "AWS_CONFIG_FILE": os.devnull,
    }
    command = [str(Path(sys.executable).with_name("aws")), "s3", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_folder_is_synced_both_ways(plane: Plane, bucket: str, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    (there / "deep").mkdir(parents=True)
    files = {"a.txt": b"1", "deep/b ü.txt": b"2", "large.bin": os.urandom(9 << 20)}
    for name, content in files.items():
        (there / name).write_bytes(content)
    aws(plane, "sync", str(there), f"s3://{bucket}/x", "--only-show-errors")
    (there / "a.txt").unlink()
    assert "delete" in aws(plane, "sync", str(there), f"s3://{bucket}/x", "--delete")
    aws(plane, "sync", f"s3://{bucket}/x", str(back), "--only-show-errors")
    assert sorted(str(one.relative_to(back)) for one in back.rglob("*") if one.is_file()) == [
        "deep/b ü.txt",
        "large.bin",
    ]
    assert (back / "large.bin").read_bytes() == files["large.bin"]


def test_a_link_of_the_command_line(plane: Plane, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with urllib.request.urlopen(aws(plane, "presign", f"s3://{bucket}/k").strip(), timeout=5) as answer:
        assert answer.read() == b"1"
