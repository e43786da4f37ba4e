"""What was installed into a package beside its own code: that is read nowhere, as what lies in node_modules is not.

Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import re
from collections.abc import Callable, Iterable

from lambent.pitfalls.facts.unread import NotRead

OF_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"})
"""Modules that the runtime has: whoever brings them has installed them."""
_OFTEN = frozenset({"bin", "test", "tests"})
"""What distributions bring besides, and projects have."""
_RECORD = re.compile(r"([^/]+\.dist-info)/RECORD")
_MODULE = re.compile(r"([A-Za-z_]\w*)(?:/|\.py,|\.[\w.-]*so,)")


def modules(entries: Iterable[str], read: Callable[[str], str]) -> frozenset[str]:
    """The top-level modules of the distributions among a package's entries (paths); `read` answers an entry's text, or
    raises NotRead. A distribution of a folder is the project's own code."""
    present = set(entries)
    found = set(OF_RUNTIME)
    for entry in sorted(present):
        record = _RECORD.fullmatch(entry)
        if record is not None and f"{record[1]}/direct_url.json" not in present:
            found |= _recorded(read, entry)
    return frozenset(found)


def _recorded(read: Callable[[str], str], entry: str) -> set[str]:
    try:
        lines = read(entry).splitlines()
    except NotRead:
        return set()
    return {said[1] for line in lines if (said := _MODULE.match(line)) is not None} - _OFTEN
