"""The console as a Starlette application: each page is a plain function that is run in a thread of the pool."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from lambent.console.api import Api
from lambent.console.tails import Tails
from lambent.console.tunings import Measure, Tunings

HERE = Path(__file__).parent
MOST_BYTES = 12 << 20
"""Of a form: an event of 6 MB, written as a form writes it."""
MOST_FIELDS = 400
Explain = Callable[[Exception], tuple[str, int] | None]
"""The line for an error that users may meet; None for a defect."""
Spent = Callable[[float], list[Any]]
"""The lines of the bill (`engine.price.Line`) of so many seconds up to now."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked: the parts of its path, the query, the form."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    partial: bool = False
    """htmx asks, for a part of a page."""
    secret: str = ""


@dataclass(slots=True)
class Site:
    """What every page is given. `events` is the folder of saved events."""

    api: Api
    explain: Explain
    spent: Spent
    events: Path
    version: str
    measure: Measure
    tails: Tails = field(default_factory=Tails)
    tunings: Tunings = field(default_factory=Tunings)
    templates: jinja2.Environment = field(init=False)

    def __post_init__(self) -> None:
        self.templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(site=self, quote=lambda text: quote(text, safe=""))
        self.templates.filters.update(when=when, size=size, pretty=pretty, dollars=dollars, number=number)

    def show(self, template: str, asked: Asked, status: int = 200, **said: Any) -> Response:
        """A page, or a part of one."""
        text = self.templates.get_template(template).render(asked=asked, **said)
        return HTMLResponse(text, status)

    def trouble(self, asked: Asked, line: str, status: int = 502) -> Response:
        """What went wrong, in the place of what was asked."""
        return self.show("trouble.html" if not asked.partial else "_trouble.html", asked, status, line=line)


Page = Callable[[Site, Asked], Response]


class TooLarge(Exception):
    """A form that no page takes."""


async def answer(site: Site, page: Page, request: Request, secret: str) -> Response:
    """A page's answer; an error that users may meet is one line in its place."""
    try:
        form = await _form(request) if request.method == "POST" else {}
    except TooLarge:
        return PlainTextResponse(f"A form of more than {size(MOST_BYTES)} or {MOST_FIELDS} fields is not taken.\n", 413)
    partial = request.headers.get("hx-request") == "true"
    asked = Asked(request.path_params, dict(request.query_params), form, partial, secret)
    try:
        return await run_in_threadpool(page, site, asked)
    except Exception as error:
        known = site.explain(error)
        if known is None:
            raise
        return await run_in_threadpool(site.trouble, asked, known[0], _status(error))


def _status(error: Exception) -> int:
    said = getattr(error, "response", {})
    found = said.get("ResponseMetadata", {}).get("HTTPStatusCode", 502) if isinstance(said, dict) else 502
    return int(found) if 400 <= int(found) < 500 else 502


async def _form(request: Request) -> dict[str, str]:
    parts, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MOST_BYTES:
            raise TooLarge
        parts.append(chunk)
    text = b"".join(parts).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise TooLarge from None


def when(said: Any) -> str:
    """`2026-08-24 10:15:02` in UTC, of seconds or milliseconds since 1970, a datetime or AWS's text."""
    if isinstance(said, str):
        return said[:19].replace("T", " ")
    if isinstance(said, datetime):
        return f"{said.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(said, int | float):
        return f"{datetime.fromtimestamp(said / 1000 if said > 1e11 else said, UTC):%Y-%m-%d %H:%M:%S}"
    return ""


def size(count: float) -> str:
    """Bytes for people: `812 B`, `1.2 KB`, `48.0 MB`."""
    if count < 1024:
        return f"{count:.0f} B"
    return f"{count / 1024:.1f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"


def number(said: float | None) -> str:
    """`1,204` or `3.25`; a dash for none."""
    if said is None:
        return "–"
    return f"{said:,.0f}" if said == int(said) else f"{said:,.2f}"


def dollars(said: float) -> str:
    """With cents, or as many digits as the prices of single requests take."""
    return f"${said:,.2f}" if said >= 1 or said == 0 else f"${said:.8f}"


def pretty(said: Any) -> str:
    """JSON with indentation, of a document or of text that is JSON; other text as it is."""
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return str(said)
    return json.dumps(said, indent=2, ensure_ascii=False, default=str)
