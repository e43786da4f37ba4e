"""Put PDFs into a bucket: those of a folder, or freshly made ones.

    python -m examples.pdf_manifest.seed --bucket reports --source ~/pdfs
    python -m examples.pdf_manifest.seed --bucket reports --count 200

Where to is boto3's business: AWS_ENDPOINT_URL, credentials and region come from the environment.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

PREFIX = "2026/04/"
NAMES = (
    "report-{:04}.pdf",
    "monthly report {:04}.pdf",
    "résumé-{:04}.pdf",
    "SCAN-{:04}.PDF",
    "請求書-{:04}.pdf",
    "100% net + tax & more {:04}.Pdf",
    "north/west/report-{:04}.pdf",
    "what's #{:04}? (draft).pdf",
)
"""File names as people give them; every one of them is awkward for somebody."""
WORKERS = 8

File = tuple[str, bytes]
"""A name below the prefix, and the content."""


def make_pdf(title: str, pages: int = 1) -> bytes:
    """A small real PDF; the same arguments give the same bytes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica", 18)
        canvas.drawString(72, 760, title.encode("ascii", "replace").decode())
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 730, f"Page {page} of {pages}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def made(count: int) -> Iterator[File]:
    """`count` PDFs of one to three pages, under all kinds of names."""
    for number in range(1, count + 1):
        name = NAMES[number % len(NAMES)].format(number)
        yield name, make_pdf(name, pages=1 + number % 3)


def found(folder: Path) -> Iterator[File]:
    """The PDFs in a folder and below."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() == ".pdf":
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def upload(s3: Any, bucket: str, prefix: str, files: Iterable[File], done: Callable[[], object]) -> int:
    """Upload, several at a time; `done` is called after each. The number of files."""

    def put(file: File) -> None:
        name, content = file
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=content, ContentType="application/pdf")
        done()

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(1 for _ in pool.map(put, files))


def ensure_bucket(s3: Any, bucket: str) -> None:
    """Create the bucket, in the client's region, unless it is there."""
    if bucket in {there["Name"] for there in s3.list_buckets()["Buckets"]}:
        return
    region = s3.meta.region_name
    # us-east-1 is where a bucket goes that names no place, and may not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="seed", description="Put PDFs into a bucket.")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--prefix", default=PREFIX)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--source", type=Path, metavar="DIR", help="upload the PDFs of this folder")
    source.add_argument("--count", type=int, default=200, help="make this many (default 200)")
    asked = parser.parse_args()
    if asked.source is not None and not asked.source.is_dir():
        parser.error(f"{asked.source} is not a folder")
    files = made(asked.count) if asked.source is None else found(asked.source)
    try:
        s3 = boto3.client("s3")
        ensure_bucket(s3, asked.bucket)
        count = upload(s3, asked.bucket, asked.prefix, files, lambda: None)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"seed: {error}")
    print(f"{count} PDFs in s3://{asked.bucket}/{asked.prefix}")


if __name__ == "__main__":
    main()
