"""The steps of the demo, each a function; what is wrong is a DemoError."""

import base64
import io
import json
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples import pdf_manifest
from examples.demo.errors import DemoError, check
from examples.pdf_manifest import seed

FUNCTION = "pdf-manifest"
BUCKET = "reports"
PREFIX = seed.PREFIX
PDFS = 240
DECOYS = (
    "2026/04/notes.txt",
    "2026/04/report.pdf.bak",
    "2026/04/pdf",
    "2026/04/scan.pdf/thumbnail.png",
    "2026/03/march.pdf",
    "2026/040/not-april.pdf",
    "2026/04.pdf",
    "archive/2026/04/old.pdf",
)
"""Not for the manifest: under the prefix but no PDF, or a PDF elsewhere."""
READERS = 4

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation: the function's answer and its REPORT line."""

    count: int
    manifest_key: str
    manifest_url: str
    report: str


def fill(s3: Any, files: dict[str, bytes], step: Step) -> None:
    """The bucket: PDFs, and decoys with the same bytes as a PDF."""
    s3.create_bucket(Bucket=BUCKET)
    seed.upload(s3, BUCKET, PREFIX, files.items(), step)
    decoy = seed.make_pdf("decoy")
    seed.upload(s3, BUCKET, "", ((name, decoy) for name in DECOYS), step)


def package() -> bytes:
    """The deployment package, made in memory; whatever the mode of the file here, functions may read it."""
    buffer = io.BytesIO()
    source = Path(next(iter(pdf_manifest.__path__)), "lambda_function.py")
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        module = zipfile.ZipInfo(source.name)
        module.external_attr = 0o644 << 16
        archive.writestr(module, source.read_bytes())
    return buffer.getvalue()


def deploy(client: Any) -> str:
    """Create the function and wait until it is active; its ARN."""
    answer = client.create_function(
        FunctionName=FUNCTION,
        Runtime=f"python{sys.version_info[0]}.{sys.version_info[1]}",
        Role="arn:aws:iam::000000000000:role/pdf-manifest",
        Handler="lambda_function.handler",
        Code={"ZipFile": package()},
        Timeout=60,
        MemorySize=512,
        Description="A manifest of links to every PDF under a prefix.",
    )
    client.get_waiter("function_active_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
    return str(answer["FunctionArn"])


def invoke(client: Any, cold: bool) -> Run:
    """Run the function once; a cold run has an Init Duration in its REPORT line, a warm one has none."""
    event = {"bucket": BUCKET, "prefix": PREFIX}
    answer = client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event), LogType="Tail")
    result = json.loads(answer["Payload"].read())
    check("FunctionError" not in answer, f"the function failed: {result}")
    log = base64.b64decode(answer["LogResult"]).decode()
    report = next((line for line in log.splitlines() if line.startswith("REPORT ")), "")
    check(bool(report), f"no REPORT line in the log tail: {log[-500:]!r}")
    kind = "cold" if cold else "warm"
    check(("Init Duration:" in report) == cold, f"this is not the REPORT line of a {kind} run: {report}")
    return Run(result["count"], result["manifest_key"], result["manifest_url"], report)


def get(url: str) -> tuple[bytes, str]:
    """Body and content type, fetched by a client that holds no credentials."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=20) as answer:
            return answer.read(), answer.headers.get("Content-Type", "")
    except OSError as error:
        raise DemoError(f"a link does not open: {error}: {url}") from error


def read_manifest(run: Run, files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The manifest's lines, checked against what was uploaded."""
    body, content_type = get(run.manifest_url)
    check(content_type == "application/x-ndjson", f"the manifest's type is {content_type!r}")
    lines = [json.loads(line) for line in body.decode().splitlines()]
    check(run.count == len(files), f"the function counted {run.count} PDFs; {len(files)} were uploaded")
    check(len(lines) == len(files), f"the manifest has {len(lines)} lines; {len(files)} PDFs were uploaded")
    sizes = {PREFIX + name: len(content) for name, content in files.items()}
    listed = {line["key"]: line["size"] for line in lines}
    wrong = sorted(set(sizes.items()) ^ set(listed.items()))
    check(not wrong, f"the manifest differs from what was uploaded, first at {wrong[:1]}")
    return lines


def open_links(lines: list[dict[str, Any]], files: dict[str, bytes], step: Step) -> int:
    """Open every link; the bytes must be those that were uploaded. The number of bytes."""

    def open_one(line: dict[str, Any]) -> int:
        body, _ = get(line["url"])
        check(body.startswith(b"%PDF-"), f"{line['key']}: not a PDF: {body[:20]!r}")
        check(body == files[line["key"].removeprefix(PREFIX)], f"{line['key']}: other bytes than were uploaded")
        step()
        return len(body)

    with ThreadPoolExecutor(READERS) as pool:
        return sum(pool.map(open_one, lines))
