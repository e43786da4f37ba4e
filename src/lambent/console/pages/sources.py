"""Queues, streams and buckets: what is in them, and putting something in."""

from itertools import islice
from typing import Any

from starlette.responses import Response

from lambent.console.api import Api, Document
from lambent.console.pages.overview import queue_row
from lambent.console.site import Asked, Site

MOST = 50
"""Queues, streams, buckets, objects, records of a look."""
PEEKED, SHOWN_BYTES = 10, 64 << 10
"""Messages that a look into a queue receives; bytes of an object that are shown."""


def sources(site: Site, asked: Asked) -> Response:
    """All of them."""
    api = site.api
    urls = api.some("sqs", "list_queues", "QueueUrls", MOST + 1)
    return site.show(
        "sources.html",
        asked,
        queues=[queue_row(site, url) for url in urls[:MOST]],
        more_queues=len(urls) > MOST,
        streams=api.some("kinesis", "list_streams", "StreamSummaries", MOST + 1),
        buckets=api.some("s3", "list_buckets", "Buckets", MOST + 1),
        most=MOST,
    )


def _url(api: Api, asked: Asked) -> str:
    url: str = api.ask("sqs", "get_queue_url", QueueName=asked.path["name"])["QueueUrl"]
    return url


def queue(site: Site, asked: Asked) -> Response:
    """A queue."""
    row = queue_row(site, _url(site.api, asked))
    moved = site.api.maybe("sqs", "list_dead_letter_source_queues", QueueUrl=row["url"]).get("queueUrls", [])
    return site.show("queue.html", asked, queue=row, feeds=[url.rpartition("/")[2] for url in moved])


def peek_queue(site: Site, asked: Asked) -> Response:
    """Messages that are visible now: they stay so, and each is counted as received once more."""
    said = site.api.ask(
        "sqs",
        "receive_message",
        QueueUrl=_url(site.api, asked),
        MaxNumberOfMessages=PEEKED,
        VisibilityTimeout=0,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return site.show("_messages.html", asked, messages=said.get("Messages", []))


def send_message(site: Site, asked: Asked) -> Response:
    """Put a message into a queue."""
    params = {"MessageGroupId": asked.form["group"]} if asked.form.get("group") else {}
    if asked.path["name"].endswith(".fifo") and asked.form.get("once"):
        params["MessageDeduplicationId"] = asked.form["once"]
    body = asked.form.get("body", "")
    said = site.api.ask("sqs", "send_message", QueueUrl=_url(site.api, asked), MessageBody=body, **params)
    return site.show("_said.html", asked, line=f"Sent as {said['MessageId']}")


def redrive(site: Site, asked: Asked) -> Response:
    """Send what is in a dead-letter queue back to where it came from."""
    said = site.api.ask("sqs", "get_queue_attributes", QueueUrl=_url(site.api, asked), AttributeNames=["QueueArn"])
    site.api.ask("sqs", "start_message_move_task", SourceArn=said["Attributes"]["QueueArn"])
    return site.show("_said.html", asked, line="Its messages are on their way back to their queues.")


def stream(site: Site, asked: Asked) -> Response:
    """A stream with its shards."""
    name = asked.path["name"]
    said = site.api.ask("kinesis", "describe_stream_summary", StreamName=name)["StreamDescriptionSummary"]
    shards = list(islice(site.api.each("kinesis", "list_shards", "Shards", StreamName=name), MOST))
    return site.show("stream.html", asked, stream=said, shards=shards)


def peek_stream(site: Site, asked: Asked) -> Response:
    """The first records that a shard has kept, or those from some minutes ago on."""
    name, shard = asked.path["name"], asked.query.get("shard", "")
    minutes = float(asked.query.get("minutes") or 0)
    place: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
    if minutes > 0:
        place = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": site.api.endpoint.now() - minutes * 60}
    began = site.api.ask("kinesis", "get_shard_iterator", StreamName=name, ShardId=shard, **place)
    said = site.api.ask("kinesis", "get_records", ShardIterator=began["ShardIterator"], Limit=MOST)
    return site.show("_records.html", asked, records=[_record(one) for one in said["Records"]])


def _record(one: Document) -> Document:
    return one | {"text": one["Data"][:SHOWN_BYTES].decode("utf-8", "replace")}


def put_record(site: Site, asked: Asked) -> Response:
    """Put a record into a stream."""
    key, data = asked.form.get("key") or "console", asked.form.get("data", "").encode()
    said = site.api.ask("kinesis", "put_record", StreamName=asked.path["name"], Data=data, PartitionKey=key)
    return site.show("_said.html", asked, line=f"Put into {said['ShardId']} as {said['SequenceNumber']}")


def bucket(site: Site, asked: Asked) -> Response:
    """The objects of a bucket, folder by folder."""
    prefix, after = asked.query.get("prefix", ""), asked.query.get("after", "")
    said = site.api.ask(
        "s3", "list_objects_v2", Bucket=asked.path["name"], Prefix=prefix, Delimiter="/", MaxKeys=MOST, StartAfter=after
    )
    objects = said.get("Contents", [])
    return site.show(
        "bucket.html",
        asked,
        bucket=asked.path["name"],
        prefix=prefix,
        folders=[one["Prefix"] for one in said.get("CommonPrefixes", [])],
        objects=objects,
        after=_last(said) if said.get("IsTruncated") else "",
    )


def _last(said: Document) -> str:
    """What the next look begins after: behind a folder comes what is in none of its names."""
    keys = [one["Key"] for one in said.get("Contents", [])]
    folders = [one["Prefix"] + "\U0010ffff" for one in said.get("CommonPrefixes", [])]
    return max([*keys, *folders], default="")


def peek_object(site: Site, asked: Asked) -> Response:
    """The beginning of an object, as text."""
    key = asked.query.get("key", "")
    said = site.api.ask("s3", "get_object", Bucket=asked.path["name"], Key=key)
    text = said["Body"].read(SHOWN_BYTES).decode("utf-8", "replace")
    said["Body"].close()
    return site.show("_object.html", asked, key=key, said=said, text=text, shown=SHOWN_BYTES)


def put_object(site: Site, asked: Asked) -> Response:
    """Write an object, as a text."""
    key = asked.form.get("key", "")
    site.api.ask("s3", "put_object", Bucket=asked.path["name"], Key=key, Body=asked.form.get("text", "").encode())
    return site.show("_said.html", asked, line=f"Written as {key}")
