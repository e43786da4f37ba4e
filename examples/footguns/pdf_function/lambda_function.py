"""The manifest of a bucket's PDFs as it is often written first. Every weakness is on purpose."""

import asyncio
import json
import os
import tempfile
from typing import Any

import aioboto3
import boto3

BUCKET = os.environ.get("BUCKET_NAME", "my-company-reports")
PREFIX = os.environ.get("PREFIX", "")
WEEK = 604_800

s3 = boto3.client("s3")
metrics = boto3.client("cloudwatch")
session = aioboto3.Session()


async def _run(path: str) -> int:
    keys: asyncio.Queue[str | None] = asyncio.Queue()

    async def produce() -> None:
        async with session.client("s3") as client:
            async for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX):
                for entry in page.get("Contents", ()):
                    await keys.put(entry["Key"])
        await keys.put(None)

    task = asyncio.create_task(produce())
    count = 0
    with open(path, "w", encoding="utf-8") as manifest:
        while (key := await keys.get()) is not None:
            url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=WEEK)
            manifest.write(json.dumps({"key": key, "url": url}) + "\n")
            count += 1
    await task
    return count


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point."""
    print(f"listing {BUCKET} for {context.aws_request_id}")
    path = f"{tempfile.gettempdir()}/{context.aws_request_id}.jsonl"
    count = asyncio.run(_run(path))
    with open(path, "rb") as manifest:
        s3.put_object(Bucket=BUCKET, Key=f"manifests/{context.aws_request_id}.jsonl", Body=manifest.read())
    os.unlink(path)
    metrics.put_metric_data(Namespace="Pdf", MetricData=[{"MetricName": "Count", "Value": count}])
    return {"count": count}
