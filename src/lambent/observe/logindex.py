"""Which log groups and streams there are: held in memory, kept in a journal of changes.

Every change is applied at once and its line waits in `unwritten`; who owns the index writes those lines, in order, to
the journal before the events that belong to them. Opening replays the journal and drops a torn last line.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from lambent.model.names import entry
from lambent.model.scope import Scope
from lambent.observe.logfile import LogFile

JOURNAL = "index.jsonl"
COMPACT_LINES = 1000


class LogStoreError(Exception):
    """Something asked of the log store can't be done. The subclass says what; the first argument is the name."""


class IndexBroken(LogStoreError):
    """The journal has a line that is none."""


class NoSuchGroup(LogStoreError):
    """There is no log group of this name."""


class NoSuchStream(LogStoreError):
    """There is no log stream of this name in the group."""


class GroupExists(LogStoreError):
    """There is a log group of this name already."""


class StreamExists(LogStoreError):
    """There is a log stream of this name in the group already."""


@dataclass(eq=False, slots=True)
class Stream:
    """A log stream. `created` is in milliseconds since 1970; `uid` tells it from an earlier one of its name."""

    name: str
    created: int
    uid: str
    file: LogFile
    deleted: bool = False


@dataclass(eq=False, slots=True)
class Group:
    """A log group. `retention` is in days; None keeps events for ever."""

    scope: Scope
    name: str
    created: int
    folder: Path
    retention: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)


class Index:
    """All groups and streams of all scopes under one folder."""

    def __init__(self, folder: Path) -> None:
        self.journal = folder / JOURNAL
        self.unwritten: list[bytes] = []
        self._folder = folder
        self._groups: dict[tuple[Scope, str], Group] = {}
        self._replay()

    # --- what there is

    def group(self, scope: Scope, name: str) -> Group:
        """Raises NoSuchGroup."""
        try:
            return self._groups[scope, name]
        except KeyError:
            raise NoSuchGroup(name) from None

    def has(self, scope: Scope, name: str) -> bool:
        """Whether there is such a group."""
        return (scope, name) in self._groups

    def stream(self, scope: Scope, group: str, name: str) -> Stream:
        """Raises NoSuchGroup, NoSuchStream."""
        try:
            return self.group(scope, group).streams[name]
        except KeyError:
            raise NoSuchStream(name) from None

    def groups(self, scope: Scope | None = None) -> list[Group]:
        """Those of a scope, by name; with no scope, all."""
        found = [group for group in self._groups.values() if scope in (None, group.scope)]
        return sorted(found, key=lambda group: group.name)

    # --- changes

    def create_group(self, scope: Scope, name: str, created: int, tags: dict[str, str]) -> Group:
        """Raises GroupExists."""
        if (scope, name) in self._groups:
            raise GroupExists(name)
        change = {"op": "group", **_of(scope, name), "created": created, "uid": _uid(name), "tags": tags}
        self._change(change)
        return self._groups[scope, name]

    def create_stream(self, scope: Scope, group: str, name: str, created: int) -> Stream:
        """Raises NoSuchGroup, StreamExists."""
        if name in self.group(scope, group).streams:
            raise StreamExists(name)
        uid = _uid(name)
        self._change({"op": "stream", **_of(scope, group), "stream": name, "created": created, "uid": uid})
        return self.stream(scope, group, name)

    def ensure_stream(self, scope: Scope, group: str, name: str, created: int) -> Stream:
        """The stream; it and its group are created where they are missing, as Lambda does."""
        if (scope, group) not in self._groups:
            self.create_group(scope, group, created, {})
        stream = self._groups[scope, group].streams.get(name)
        return stream or self.create_stream(scope, group, name, created)

    def set_retention(self, scope: Scope, group: str, days: int | None) -> None:
        """Raises NoSuchGroup."""
        self.group(scope, group)
        self._change({"op": "retention", **_of(scope, group), "days": days})

    def set_tags(self, scope: Scope, group: str, tags: dict[str, str]) -> None:
        """Replaces all tags. Raises NoSuchGroup."""
        self.group(scope, group)
        self._change({"op": "tags", **_of(scope, group), "tags": tags})

    def delete_group(self, scope: Scope, name: str) -> Group:
        """Forget a group; its files are the caller's to remove. Raises NoSuchGroup."""
        group = self.group(scope, name)
        self._change({"op": "-group", **_of(scope, name)})
        return group

    def delete_stream(self, scope: Scope, group: str, name: str) -> Stream:
        """Forget a stream; its file is the caller's to remove. Raises NoSuchGroup, NoSuchStream."""
        stream = self.stream(scope, group, name)
        self._change({"op": "-stream", **_of(scope, group), "stream": name})
        return stream

    # --- the journal

    def _change(self, change: dict[str, Any]) -> None:
        APPLY[change["op"]](self, change)
        self.unwritten.append(_journal_line(change))

    def _replay(self) -> None:
        try:
            data = self.journal.read_bytes()
        except FileNotFoundError:
            return
        lines = data.split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            try:
                change = orjson.loads(line)
                APPLY[change["op"]](self, change)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise IndexBroken(f"{self.journal}, line {number}: nothing that an index of logs says") from error
        if lines[-1]:
            os.truncate(self.journal, len(data) - len(lines[-1]))
        live = len(self._groups) + sum(len(group.streams) for group in self._groups.values())
        if len(lines) > 2 * live + COMPACT_LINES:
            with suppress(OSError):  # a full disk is no reason not to start
                self._compact()

    def _compact(self) -> None:
        scratch = self.journal.with_suffix(".new")
        scratch.write_bytes(b"".join(self._snapshot()))
        scratch.replace(self.journal)

    def _snapshot(self) -> Iterable[bytes]:
        for group in self._groups.values():
            of = _of(group.scope, group.name)
            uid = group.folder.name
            yield _journal_line({"op": "group", **of, "created": group.created, "uid": uid, "tags": group.tags})
            if group.retention is not None:
                yield _journal_line({"op": "retention", **of, "days": group.retention})
            for stream in group.streams.values():
                change = {"op": "stream", **of, "stream": stream.name, "created": stream.created, "uid": stream.uid}
                yield _journal_line(change)

    def _apply_group(self, change: dict[str, Any]) -> None:
        scope = Scope(change["account"], change["region"])
        folder = self._folder / entry(scope.account) / entry(scope.region) / entry(change["uid"])
        group = Group(scope, change["group"], change["created"], folder, tags=change["tags"])
        self._groups[scope, group.name] = group

    def _apply_stream(self, change: dict[str, Any]) -> None:
        group = self._named(change)
        file = LogFile(group.folder / entry(f"{change['uid']}.jsonl"))
        group.streams[change["stream"]] = Stream(change["stream"], change["created"], change["uid"], file)

    def _apply_retention(self, change: dict[str, Any]) -> None:
        self._named(change).retention = change["days"]

    def _apply_tags(self, change: dict[str, Any]) -> None:
        self._named(change).tags = change["tags"]

    def _apply_delete_group(self, change: dict[str, Any]) -> None:
        group = self._named(change)
        del self._groups[group.scope, group.name]
        for stream in group.streams.values():
            stream.deleted = True

    def _apply_delete_stream(self, change: dict[str, Any]) -> None:
        self._named(change).streams.pop(change["stream"]).deleted = True

    def _named(self, change: dict[str, Any]) -> Group:
        return self._groups[Scope(change["account"], change["region"]), change["group"]]


APPLY: dict[str, Callable[[Index, dict[str, Any]], None]] = {
    "group": Index._apply_group,
    "stream": Index._apply_stream,
    "retention": Index._apply_retention,
    "tags": Index._apply_tags,
    "-group": Index._apply_delete_group,
    "-stream": Index._apply_delete_stream,
}


def _uid(name: str) -> str:
    """A file name: readable, and unlike any that was given before."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:80]
    return f"{readable}-{secrets.token_hex(6)}"


def _of(scope: Scope, group: str) -> dict[str, str]:
    return {"account": scope.account, "region": scope.region, "group": group}


def _journal_line(change: dict[str, Any]) -> bytes:
    return orjson.dumps(change, option=orjson.OPT_APPEND_NEWLINE)
