"""Invoke a function with an event, and see what it answers and logs."""

import base64
import re
import time
from itertools import islice
from pathlib import Path

from starlette.responses import Response

from lambent.console import samples
from lambent.console.site import Asked, Site

INVOKE_SECONDS = 910
"""How long an answer may take: the longest function (900 s) and its cold start."""
KINDS = ("RequestResponse", "Event", "DryRun")
LOOK_BACK_MS = 600_000
MOST_PAGES, MOST_LINES = 5, 300
"""Of a log, that one look reads; what it shows of them."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def test(site: Site, asked: Asked) -> Response:
    """The page with the event and the log."""
    name = asked.path["name"]
    about = site.api.ask("lambda", "get_function_configuration", FunctionName=name)
    aliases = site.api.some("lambda", "list_aliases", "Aliases", FunctionName=name)
    versions = site.api.some("lambda", "list_versions_by_function", "Versions", FunctionName=name)
    qualifiers = [one["Name"] for one in aliases] + [one["Version"] for one in versions]
    return site.show(
        "test.html",
        asked,
        about=about,
        tab="test",
        qualifiers=qualifiers,
        kinds=KINDS,
        samples=samples.NAMES,
        saved=saved(site.events, name),
        tail=_begin(site, name),
    )


def saved(folder: Path, function: str) -> list[str]:
    """The names of the events in the folder that are for all functions, and those for one."""
    own = sorted(folder.joinpath(function).glob("*.json")) if _NAME.fullmatch(function) else []
    found = [path for path in [*own, *sorted(folder.glob("*.json"))] if path.is_file()]
    return [str(path.relative_to(folder).with_suffix("")) for path in found]


def event(site: Site, asked: Asked) -> Response:
    """The field of the event, with a sample of AWS's or a saved one in it."""
    chosen = asked.query.get("event", "")
    kind, _, name = chosen.partition(":")
    if kind == "saved" and name in saved(site.events, asked.path["name"]):
        text = (site.events / f"{name}.json").read_text("utf-8", "replace")
    else:
        text = samples.event(name) if kind == "sample" and name in samples.NAMES else "{}"
    return site.show("_event.html", asked, text=text)


def save(site: Site, asked: Asked) -> Response:
    """Write an event into the folder of the function's events."""
    function, name = asked.path["name"], asked.form.get("as", "").strip()
    if not (_NAME.fullmatch(function) and _NAME.fullmatch(name)):
        return site.show("_said.html", asked, 400, line="A name is letters, digits, - and _, at most 64 of them.")
    folder = site.events / function
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(asked.form.get("payload", ""), "utf-8")
    return site.show("_said.html", asked, line=f"Saved as {path}")


def invoke(site: Site, asked: Asked) -> Response:
    """Invoke it, and show the answer with the tail of its log."""
    kind = asked.form.get("kind", KINDS[0])
    params = {"Qualifier": asked.form["qualifier"]} if asked.form.get("qualifier") else {}
    if kind == KINDS[0]:
        params["LogType"] = "Tail"
    began = time.monotonic()
    said = site.api.client("lambda", INVOKE_SECONDS).invoke(
        FunctionName=asked.path["name"],
        InvocationType=kind if kind in KINDS else KINDS[0],
        Payload=asked.form.get("payload", "").encode(),
        **params,
    )
    return site.show(
        "_answer.html",
        asked,
        code=said["StatusCode"],
        error=said.get("FunctionError", ""),
        version=said.get("ExecutedVersion", ""),
        request_id=said["ResponseMetadata"].get("RequestId", ""),
        seconds=time.monotonic() - began,
        payload=said["Payload"].read().decode("utf-8", "replace"),
        log=base64.b64decode(said.get("LogResult", "")).decode("utf-8", "replace"),
    )


def _begin(site: Site, name: str) -> str:
    """A view of a function's log begins."""
    about = site.api.maybe("lambda", "get_function_configuration", FunctionName=name)
    group = about.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    return site.tails.begin(group, int(site.api.endpoint.now() * 1000) - LOOK_BACK_MS)


def tail(site: Site, asked: Asked) -> Response:
    """What is new in a function's log, and the mark that asks for more: soon where there was something."""
    name, mark = asked.path["name"], asked.query.get("mark", "")
    known = site.tails.of(mark)
    if known is None:
        mark = _begin(site, name)
        known = site.tails.of(mark)
        assert known is not None
    lines = known.fresh(_read(site, known.group, known.start))
    return site.show("_tail.html", asked, name=name, mark=mark, lines=lines[-MOST_LINES:], soon="1s" if lines else "2s")


def _read(site: Site, group: str, start: int) -> list[dict[str, object]]:
    """Events from a time on; none where there is no group yet."""
    client = site.api.client("logs")
    found: list[dict[str, object]] = []
    try:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=max(start, 0))
        for page in islice(pages, MOST_PAGES):
            found += page["events"]
    except client.exceptions.ResourceNotFoundException:
        return []
    return found
