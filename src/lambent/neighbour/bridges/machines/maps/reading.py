"""The items of a map run: what an object of S3 or a list of objects has.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import csv
import gzip
import io
import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
FIELD_BYTES = 10 << 20
UNPACKED_BYTES = 256 << 20
"""Of one file of an inventory: a small one may unpack to any size."""
LIST, OBJECT = "arn:aws:states:::s3:listObjectsV2", "arn:aws:states:::s3:getObject"
NOT_ITERABLE = "Attempting to map over non-iterable node."
TWICE = "CSV headers cannot contain duplicates."

Config = Mapping[str, Any]
Fetch = Callable[[str, str], bytes]
"""(bucket, key) -> an object's bytes."""


class ReadingFailed(Exception):
    """Says why there are no items."""


def items(content: bytes, config: Config, fetch: Fetch) -> Iterator[Any]:
    """What an object has. Raises ReadingFailed, UnicodeDecodeError."""
    kind = config.get("InputType") or "JSON"
    if kind == "MANIFEST":
        yield from _inventory(_json(content), fetch)
        return
    text = content.decode("utf-8-sig")
    yield from {"CSV": rows, "JSONL": _lines, "JSON": _array}[kind](text, config)


def _array(text: str, config: Config) -> Iterable[Any]:
    found = _at(_json(text), config.get("ItemsPointer") or "")
    if not isinstance(found, list):
        raise ReadingFailed(NOT_ITERABLE)
    return found


def _at(found: Any, pointer: str) -> Any:
    """What a JSON pointer leads to (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            raise ReadingFailed(f"The pointer {pointer} leads to nothing.")
        found = found[name]
    return found


def _lines(text: str, _config: Config) -> Iterator[Any]:
    return (_json(line) for line in text.splitlines() if line.strip())


def rows(text: str, config: Config) -> Iterator[dict[str, str]]:
    """The rows of a CSV file by its headers; what a row lacks is empty."""
    csv.field_size_limit(FIELD_BYTES)
    found = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[config.get("CSVDelimiter") or "COMMA"])
    first = config.get("CSVHeaderLocation") == "FIRST_ROW"
    headers = next(found, []) if first else list(config.get("CSVHeaders") or [])
    if len(set(headers)) < len(headers):
        raise ReadingFailed(TWICE)
    for row in found:
        if row:
            yield {name: row[place] if place < len(row) else "" for place, name in enumerate(headers)}


def _inventory(manifest: Any, fetch: Fetch) -> Iterator[dict[str, Any]]:
    """The objects that an inventory of S3 names (https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    storage-inventory-location.html), of its CSV files."""
    if not isinstance(manifest, dict) or manifest.get("fileFormat") != "CSV":
        raise ReadingFailed("Only inventories in CSV are read.")
    headers = [one.strip() for one in str(manifest.get("fileSchema") or "").split(",")]
    bucket = str(manifest.get("destinationBucket") or "").rpartition(":")[2]
    for file in manifest.get("files") or ():
        content = fetch(bucket, file["key"])
        text = (_unpacked(content) if file["key"].endswith(".gz") else content).decode()
        for row in rows(text, {"CSVHeaders": headers}):
            yield {**row, **({"Key": unquote_plus(row["Key"])} if "Key" in row else {})}


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            found = file.read(UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadingFailed(f"It can't be unpacked: {error}") from error
    if len(found) > UNPACKED_BYTES:
        raise ReadingFailed(f"It unpacks to more than {UNPACKED_BYTES} bytes.")
    return found


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ReadingFailed(f"It is no JSON: {error}") from error


def first(found: Iterable[Any], most: int | None) -> list[Any]:
    """At most so many; 0 and None are all."""
    return list(itertools.islice(found, most or None))


def batches(found: list[Any], most: int | None, most_bytes: int | None) -> Iterator[list[Any]]:
    """Items in batches, each of `most` items and, as JSON, of `most_bytes` at most; an item larger than that is one of
    its own.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """
    batch: list[Any] = []
    size = 0
    for one in found:
        length = len(json.dumps(one, separators=(",", ":"), ensure_ascii=False, default=str).encode()) + 1
        if batch and ((most and len(batch) >= most) or (most_bytes and size + length > most_bytes)):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch
