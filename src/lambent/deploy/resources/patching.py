"""What an update of a REST API's parts changes, as patch operations.

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from collections.abc import Iterator
from typing import Any

import jmespath

from lambent.deploy.resources.kind import Do, Subject, reads
from lambent.deploy.resources.texts import as_text

Patch = dict[str, str]
Place = tuple[str, str]
"""A property (`A.B` for one within another), and the path of what it sets."""


def patched(call: str, ids: dict[str, Any], *places: Place, lists: tuple[Place, ...] = (), more: Any = None) -> Do:
    """The call that patches what has changed: `places` are replaced, or removed with their property; of `lists` items
    come and go. `more` makes other patches of the subject, and says which properties it reads."""
    names = dict.fromkeys(name.partition(".")[0] for name, _ in (*places, *lists))
    names |= dict.fromkeys(getattr(more, "names", ()))

    @reads(*names)
    def found(subject: Subject) -> list[list[Patch]]:
        said = [*_replaced(subject, places), *_listed(subject, lists), *(more(subject) if more else ())]
        return [said] if said else []

    return Do(call, {**ids, "patchOperations": "@item"}, each=found)


def replaced(path: str, value: Any) -> Patch:
    """A value in the place of another."""
    return {"op": "replace", "path": path, "value": as_text(value)}


def removed(path: str, value: str | None = None) -> Patch:
    """What is there no longer."""
    return {"op": "remove", "path": path} | ({} if value is None else {"value": value})


def _replaced(subject: Subject, places: tuple[Place, ...]) -> Iterator[Patch]:
    for name, path in places:
        now, before = (jmespath.search(name, dict(said)) for said in (subject.properties, subject.former))
        if now != before:
            yield replaced(path, "" if now is None else now)


def _listed(subject: Subject, lists: tuple[Place, ...]) -> Iterator[Patch]:
    for name, path in lists:
        now, before = (jmespath.search(name, dict(said)) or [] for said in (subject.properties, subject.former))
        yield from (removed(f"{path}/{_segment(one)}") for one in before if one not in now)
        yield from ({"op": "add", "path": f"{path}/{_segment(one)}"} for one in now if one not in before)


def _segment(text: Any) -> str:
    """An item of a list, which a template may have escaped already (`image~1png`).

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-restapi.html
    """
    return escaped(str(text).replace("~1", "/"))


def escaped(text: Any) -> str:
    """A segment of a path (RFC 6901)."""
    return str(text).replace("~", "~0").replace("/", "~1")
