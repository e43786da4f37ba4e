"""Markers: where the next page of a list begins, opaque to the caller."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

from lambent.model.function import LATEST
from lambent.services.lambda_ import faults
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

PAGE_MAX = 50
"""Entries of a page, whatever MaxItems says. Source: API reference, ListFunctions."""


def page_size(params: Mapping[str, Any], most: int = PAGE_MAX) -> int:
    """How many entries to answer."""
    return min(params.get("MaxItems") or most, most)


def marker_after(record: FunctionRecord) -> str:
    """The marker of the page behind `record`."""
    return marker_of(record.name, record.version)


def marker_of(first: str, second: str) -> str:
    """The marker of the page behind the key of two parts; `read_marker` reads it."""
    return base64.urlsafe_b64encode(orjson.dumps([first, second])).decode()


def read_marker(params: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key (name, version) that the marker stands for, None on the first page. Raises Fault."""
    marker = params.get("Marker")
    if not marker:
        return None
    try:
        name, version = orjson.loads(base64.urlsafe_b64decode(marker))
        return str(name), str(version)
    except (ValueError, TypeError, binascii.Error) as error:
        raise _invalid() from error


def read_version_marker(params: Mapping[str, Any]) -> tuple[str, str] | None:
    """The same for a list of function versions. Raises Fault."""
    after = read_marker(params)
    if after is not None and after[1] != LATEST and not after[1].isdecimal():
        raise _invalid()
    return after


def resource_page(
    params: Mapping[str, Any], resources: list[Resource], most: int = PAGE_MAX
) -> tuple[list[Resource], dict[str, str]]:
    """One page of resources that stand in the order of their keys, and NextMarker if there is more. Raises Fault."""
    after, limit = read_marker(params), page_size(params, most)
    left = [one for one in resources if after is None or (one.parent, one.name) > after]
    page = left[:limit]
    return page, {"NextMarker": marker_of(page[-1].parent, page[-1].name)} if left[limit:] else {}


def _invalid() -> Fault:
    # Wording of our own.
    return faults.invalid("Invalid Marker: use the NextMarker of an earlier answer.")
