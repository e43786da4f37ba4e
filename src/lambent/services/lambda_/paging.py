"""Markers: where the next page of a list begins, opaque to the caller."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

from lambent.services.lambda_ import faults
from lambent.store.record import FunctionRecord

PAGE_MAX = 50
"""Entries of a page, whatever MaxItems says. Source: API reference, ListFunctions."""


def page_size(params: Mapping[str, Any]) -> int:
    """How many entries to answer."""
    return min(params.get("MaxItems") or PAGE_MAX, PAGE_MAX)


def marker_after(record: FunctionRecord) -> str:
    """The marker of the page behind `record`."""
    return base64.urlsafe_b64encode(orjson.dumps([record.name, record.version])).decode()


def read_marker(params: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key (name, version) that the marker stands for, None on the first page. Raises Fault."""
    marker = params.get("Marker")
    if not marker:
        return None
    try:
        name, version = orjson.loads(base64.urlsafe_b64decode(marker))
        return str(name), str(version)
    except (ValueError, TypeError, binascii.Error) as error:
        raise faults.invalid("Invalid Marker: use the NextMarker of an earlier answer.") from error
