"""Which rights a PartiQL statement of DynamoDB's needs: those of its verb, on the one table or index that it names.

What moto would read in another way than this is not read at all (`is_told`).
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html, and for the statements' forms
ql-reference.select.html, ql-reference.insert.html, ql-reference.update.html, ql-reference.delete.html there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Params = Mapping[str, Any]
SERVICE = "dynamodb"
STATEMENTS = {"ExecuteStatement": "", "BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}
"""Operation -> the list that has its statements; "" for one alone."""
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'"[^"]*"')
_TABLE = r'(?:"(?P<table>[A-Za-z0-9_.-]+)"|(?P<bare>[A-Za-z0-9_-]+))(?:\s*\.\s*(?:"(?P<index>[A-Za-z0-9_.-]+)"))?'
_FORMS = {
    "PartiQLSelect": rf"(?:EXISTS\s*\(\s*)?SELECT\s(?P<what>.*?)\sFROM\s+{_TABLE}(?=[\s;)]|$)(?P<rest>.*)",
    "PartiQLInsert": rf"INSERT\s+INTO\s+{_TABLE}\s+VALUE\b(?P<rest>.*)",
    "PartiQLUpdate": rf"UPDATE\s+{_TABLE}\s+(?=(?:SET|REMOVE)\s)(?P<rest>.*)",
    "PartiQLDelete": rf"DELETE\s+FROM\s+{_TABLE}\s+(?=WHERE\s)(?P<rest>.*)",
}
_READ = {verb: re.compile(form, re.IGNORECASE | re.DOTALL) for verb, form in _FORMS.items()}
_AFTER_SELECT = re.compile(r"\s*(?:(?:WHERE|ORDER)\s.*|\)?\s*;?\s*)", re.IGNORECASE | re.DOTALL)
_OTHER = re.compile(r"\b(?:SELECT|FROM|INTO|JOIN|INSERT|UPDATE|DELETE|UNPIVOT)\b|--|/\*", re.IGNORECASE)


def needed(operation: str, params: Params) -> list[tuple[str, Params]]:
    """Actions, and what they are about: a TableName, perhaps an IndexName; with the statement and its parameters."""
    return [
        (found[0], {**found[1], **one}) for one in _statements(operation, params) if (found := _read(one)) is not None
    ]


def is_told(service: str, operation: str, params: Params) -> bool:
    """Whether every statement says what it is about; so does what has none, and another service's."""
    return service != SERVICE or all(_read(one) is not None for one in _statements(operation, params))


def _statements(operation: str, params: Params) -> Iterator[Params]:
    if operation not in STATEMENTS:
        return
    within = STATEMENTS[operation]
    for one in params.get(within) or () if within else (params,):
        yield {"Statement": str(one.get("Statement", "")), "Parameters": one.get("Parameters") or ()}


def _read(one: Params) -> tuple[str, Params] | None:
    said = _TEXT.sub("''", one["Statement"]).strip()
    for verb, form in _READ.items():
        found = form.fullmatch(said)
        if found is None:
            continue
        named = found.groupdict()
        if verb == "PartiQLSelect" and not _AFTER_SELECT.fullmatch(named["rest"]):
            return None
        if _OTHER.search(_NAME.sub("x", f"{named.get('what') or ''} {named['rest']}")):
            return None
        about = {"TableName": named["table"] or named["bare"], "IndexName": named["index"]}
        return f"{SERVICE}:{verb}", {name: value for name, value in about.items() if value}
    return None
