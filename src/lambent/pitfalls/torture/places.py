"""Where the code of a function makes a call."""

import re

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project

_MORE = {
    "put": "PutItem", "update": "UpdateItem", "upload_file": "PutObject", "upload_fileobj": "PutObject",
    "copy": "CopyObject", "get": "GetItem",
}  # fmt: skip


def of(project: Project, name: str) -> dict[tuple[str, str], list[str]]:
    """(service, operation as the API calls it) -> `path:line`, of a function by its name or logical id."""
    found: dict[tuple[str, str], list[str]] = {}
    with project.with_node():
        for function in project.functions:
            if name in (function.id, function.fact("FunctionName").value) or not function.listed:
                for call in effects.calls(function):
                    operation = _MORE.get(call.operation) or _camel(call.operation)
                    place = call.place
                    found.setdefault((call.service, operation), []).append(f"{place.path}:{place.line}")
    return found


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split("_", name))
