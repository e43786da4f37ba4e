"""Which functions a chain of calls has been through, and how often: the Lineage of a trace header.

    X-Amzn-Trace-Id: Root=1-…;Parent=…;Sampled=0;Lineage=1:e547cb94:0|74085691:3

Each function of the chain has an entry: a hash of its name, and how often it was called again. SDKs inside a function
send the header on with whatever they call (AWS SDK, "recursion detection"). The form is that of headers that functions
on AWS were seen to get since 2024; what the number before the entries stands for is not documented, and kept as it is.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

import functools
import re
import zlib

ROUNDS = 16
"""How often a function may run in one chain of calls; the next call is stopped."""

_ENTRY = re.compile(r"([0-9a-f]{8}):(\d{1,6})")
_NAME = "Lineage="


@functools.lru_cache(4096)
def _hash(function_arn: str) -> str:
    return f"{zlib.crc32(function_arn.encode()):08x}"


def first(header: str, function_arn: str) -> str:
    """`header`, which has no Lineage, as the first function of a chain gets it."""
    return f"{header};Lineage=1:{_hash(function_arn)}:0"


def advance(header: str, function_arn: str) -> tuple[str, int]:
    """The header that a function's invocation gets, and how often the function ran in this chain before."""
    fields = header.split(";")
    at = next((place for place, field in enumerate(fields) if field.strip().startswith(_NAME)), None)
    if at is None:
        return first(header, function_arn), 0
    prefix, entries = _read(fields[at].strip().removeprefix(_NAME))
    own = _hash(function_arn)
    before = entries.get(own, -1) + 1
    entries[own] = before
    fields[at] = f"{_NAME}{prefix}" + "|".join(f"{name}:{count}" for name, count in entries.items())
    return ";".join(fields), before


def _read(text: str) -> tuple[str, dict[str, int]]:
    """The prefix (`1:`, or nothing as in older headers) and the entries; what can't be read is left out."""
    number, colon, rest = text.partition(":")
    prefix = ""
    if colon and number.isdigit() and len(number) < 8:
        prefix, text = f"{number}:", rest
    found = (_ENTRY.fullmatch(entry) for entry in text.split("|"))
    return prefix, {match[1]: int(match[2]) for match in found if match}
