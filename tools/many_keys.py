"""`python -m tools.many_keys [COUNT]`: the PDF function over a bucket of so many keys (1,000,000).

The keys lie under ten prefixes. One object is put; its rows in the index are copied where they lie, while no server
runs: that takes seconds, and what a server finds is what as many puts would have left. Then it is measured how long a
server takes to start, what it has of the memory, and, with `manifest` behind the count, what the function needs for
each prefix: seconds, the bytes of its manifest in /tmp, and the server's memory at most.
"""

import http.client
import io
import json
import os
import sqlite3
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from examples.demo.server import Server

BUCKET, PREFIXES, PAGES = "reports", 10, 100
KEY = "2026/%02d/report-%07d.pdf"
SOURCE = Path("examples/pdf_manifest/lambda_function.py")
PDF = b"%PDF-1.4\n%%EOF\n"
CONTENTS = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)
INSERT INTO object_contents SELECT :first + n, 1, data FROM numbers, (SELECT data FROM object_contents LIMIT 1)
"""
VERSIONS = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)
INSERT INTO object_versions
SELECT bucket, CAST(printf(:key, n % :prefixes, n) AS BLOB), rank, version, marker, size, etag, modified, listed,
       printf('[[%d,0,%d]]', :first + n, size), document
FROM numbers, (SELECT * FROM object_versions WHERE key = CAST('seed' AS BLOB))
"""


class Kept(Server):
    """A server whose data folder stays where it is until the last one is done."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.data_dir = folder


def client(server: Server, service: str) -> Any:
    """boto3's, patient."""
    patient = Config(read_timeout=905, retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "lambent", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=server.url, config=patient, **keys)


def fill(database: Path, count: int) -> None:
    """Copy the one object."""
    with closing(sqlite3.connect(database)) as connection, connection:
        first = connection.execute("SELECT max(number) + 1 FROM object_contents").fetchone()[0]
        connection.execute(CONTENTS, {"count": count, "first": first})
        connection.execute(VERSIONS, {"count": count, "first": first, "prefixes": PREFIXES, "key": KEY})


def megabytes(pid: int, name: str) -> int:
    """A value of proc_pid_status(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) >> 10


def processor_seconds(pid: int) -> float:
    """What a process has had so far, by proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it takes."""
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.2f} s", flush=True)


@contextmanager
def started(folder: Path, what: str) -> Iterator[Server]:
    """A server, when it answers; what that took is printed."""
    with ExitStack() as stack:
        with timed(f"start with {what}"):
            server = stack.enter_context(Kept(folder))
        print(f"server: {processor_seconds(server.pid):.2f} s of a processor, {megabytes(server.pid, 'VmRSS')} MB")
        yield server


def page_times(s3: Any, count: int) -> list[float]:
    """Milliseconds for pages of 1,000 keys from all over the bucket, as they come from the socket; sorted."""
    found = []
    with closing(http.client.HTTPConnection(s3.meta.endpoint_url.removeprefix("http://"), timeout=60)) as connection:
        for page in range(PAGES):
            start = KEY % (page % PREFIXES, count * page // PAGES)
            link = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": BUCKET, "StartAfter": start})
            began = time.perf_counter()
            connection.request("GET", link.removeprefix(s3.meta.endpoint_url))
            connection.getresponse().read()
            found.append((time.perf_counter() - began) * 1_000)
    return sorted(found)


def deploy(functions: Any) -> None:
    """The example, as its page says, with room in /tmp for a manifest of all."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(SOURCE, "lambda_function.py")
    functions.create_function(
        FunctionName="pdf-manifest",
        Runtime=f"python3.{sys.version_info.minor}",
        Handler="lambda_function.handler",
        Role="arn:aws:iam::000000000000:role/pdf-manifest",
        Timeout=900,
        MemorySize=1_769,
        EphemeralStorage={"Size": 2_048},
        Code={"ZipFile": packed.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="pdf-manifest")


def manifests(server: Server) -> None:
    """One invocation for each prefix."""
    functions, s3 = client(server, "lambda"), client(server, "s3")
    deploy(functions)
    for prefix in range(PREFIXES):
        began = time.perf_counter()
        event = {"bucket": BUCKET, "prefix": f"2026/{prefix:02}/"}
        answer = functions.invoke(FunctionName="pdf-manifest", Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            sys.exit(str(said))
        size = s3.head_object(Bucket=BUCKET, Key=said["manifest_key"])["ContentLength"]
        taken = time.perf_counter() - began
        peak = megabytes(server.pid, "VmHWM")
        print(f"{event['prefix']}: {said['count']:,} keys in {taken:.1f} s, {size >> 20} MB in /tmp; server {peak} MB")


def main(count: int, folder: Path, *, manifest: bool) -> None:
    """Everything, in order."""
    with started(folder, "nothing") as server:
        s3 = client(server, "s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="seed", Body=PDF, ContentType="application/pdf")
    with timed(f"{count:,} keys are made"):
        fill(folder / "state.db", count)
    with started(folder, f"{count:,} keys") as server:
        times = page_times(client(server, "s3"), count)
        print(f"a page of 1,000: p50 {times[PAGES // 2]:.1f} ms; server {megabytes(server.pid, 'VmHWM')} MB at most")
        if manifest:
            manifests(server)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "manifest"]
    with tempfile.TemporaryDirectory() as made:
        main(int(words[0]) if words else 1_000_000, Path(made) / "data", manifest="manifest" in sys.argv)
