"""Who may ask the console, decided before anything of a request is read.

1. The Host header is `console.localhost` (RFC 6761, section 6.3: it leads to the loopback), so that a page which made
   its own name lead here (DNS rebinding) is refused. It is a name of its own, since browsers send a cookie to every
   port of a host: one of `127.0.0.1` would be sent to functions behind the endpoint.
2. A browser says whose page asks (https://www.w3.org/TR/fetch-metadata/): only the console's own, or the user.
3. Everything needs a session, which who knows the token begins at `/enter`; the link that is opened for the user, which
   others on the machine may see in the list of processes, works once.
4. What changes anything says its Origin, and a secret of the session in a header, which no form of another page can.

What is answered may load nothing but the console's own files, and is framed by nobody.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

NAME = "console.localhost"
COOKIE = "lambent_console"
HEADER = "x-lambent-console"
ENTER = "/enter"
SAFE = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SESSIONS = 64
"""That are known at once; the oldest makes room."""
ENTERED = (
    '<!doctype html><title>Lambent</title><link rel="icon" href="/static/icon.svg">'
    '<meta http-equiv="refresh" content="0;url=/"><a href="/">Lambent</a>'
)
"""A page, no redirect: what follows is asked by the console itself, wherever the link was."""

Answer = Callable[[Request, str], Awaitable[Response]]
"""Answers a request of a session, whose secret for changes is given."""


class Door:
    """Sessions, and what begins one: `token` any number of times, a `ticket` once."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._tickets: set[str] = set()
        self._sessions: dict[str, str] = {}

    def ticket(self) -> str:
        """What begins one session."""
        made = secrets.token_urlsafe(24)
        self._tickets.add(made)
        return made

    async def admit(self, request: Request, answer: Answer) -> Response:
        """What `answer` says to who may ask, else a refusal; with the headers of every answer."""
        response = self._refusal(request)
        if response is None and request.url.path == ENTER:
            response = self._enter(request.query_params.get("token", ""))
        elif response is None:
            response = await self._of_session(request, answer)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "").lower()
        if host.partition(":")[0] != NAME:
            return _refused(f"This is {NAME}, and nothing else.")
        site = request.headers.get("sec-fetch-site", "none")
        by_link = request.url.path == ENTER and request.method in SAFE
        if site not in ("none", "same-origin") and not by_link:
            return _refused("A page of another site asks.")
        if request.method not in SAFE and request.headers.get("origin") != f"http://{host}":
            return _refused("A page of another origin asks.")
        return None

    def _enter(self, said: str) -> Response:
        known = [self.token, *self._tickets]
        if sum(hmac.compare_digest(said.encode(), one.encode()) for one in known) == 0:
            return _refused("This link was used, or is none of this console: take the one that it printed.")
        self._tickets.discard(said)
        session = secrets.token_urlsafe(24)
        self._sessions[session] = secrets.token_urlsafe(24)
        if len(self._sessions) > SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        response = HTMLResponse(ENTERED)
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict")
        return response

    async def _of_session(self, request: Request, answer: Answer) -> Response:
        secret = self._sessions.get(_cookie(request))
        if secret is None:
            return _refused("Open the link that `lambent console` printed: it begins a session.", 401)
        said = request.headers.get(HEADER, "")
        if request.method not in SAFE and not hmac.compare_digest(said.encode(), secret.encode()):
            return _refused("What changes anything needs the session's secret: load the page again.")
        return await answer(request, secret)


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _refused(why: str, status: int = 403) -> Response:
    return PlainTextResponse(f"{why}\n", status)
