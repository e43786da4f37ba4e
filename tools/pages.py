"""What a page of the web tries through the browser of somebody who runs Lambent, and what it is answered.

One table: the part "What a page can't do" of docs/isolation.md is made of it, and tests/e2e/test_pages.py sends each
request to a real server.
"""

from dataclasses import dataclass, field

EVIL, APP, LISTED = "http://evil.example", "http://app.example", "http://console.example"
BUCKET, CLOSED = "open-to-app", "open-to-nobody"
"""Buckets with a CORS configuration that allows `APP` to PUT, POST and GET, and without any."""
SCOPE = "X-Amz-Credential=x/20260101/us-east-1/{}/aws4_request"
LINK = "AWSAccessKeyId=x&Signature=x&Expires=4102444800"
"""A presigned link to a bucket, good until 2100 (SigV2, whose links say a time and not a span)."""
FORM = {"content-type": "application/x-www-form-urlencoded"}
TEXT = {"content-type": "text/plain"}
FROM_EVIL = {"origin": EVIL, "sec-fetch-site": "cross-site"}
REBOUND = {"host": "evil.example:4566"}
STACK = b"Action=CreateStack&Version=2010-05-15&StackName=s&TemplateBody=%7B%7D"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request, the status that it is answered with, and why."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    status: int
    why: str
    body: bytes = field(default=b"", repr=False)


PAGE, HOST, RULES = "foreign page", "foreign host name", "the bucket's CORS configuration"

ATTEMPTS = (
    Attempt(
        "create a stack by a form", "POST", f"/?{SCOPE.format('cloudformation')}", FORM | FROM_EVIL, 403, PAGE, STACK
    ),
    Attempt("the same, with Origin: null", "POST", "/", FORM | {"origin": "null"}, 403, PAGE, STACK),
    Attempt(
        "the same as an image's address",
        "GET",
        f"/?{SCOPE.format('cloudformation')}&{STACK.decode()}",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        403,
        PAGE,
    ),
    Attempt(
        "invoke a function",
        "POST",
        f"/2015-03-31/functions/f/invocations?{SCOPE.format('lambda')}",
        TEXT | FROM_EVIL,
        403,
        PAGE,
    ),
    Attempt("create a function as text/plain", "POST", "/2015-03-31/functions", TEXT | FROM_EVIL, 403, PAGE, b"{}"),
    Attempt("ask before a signed request", "OPTIONS", "/2015-03-31/functions", FROM_EVIL, 403, PAGE),
    Attempt("end all environments", "POST", "/_lambent/recycle", FROM_EVIL, 403, PAGE),
    Attempt("move the clock", "POST", "/_lambent/clock", TEXT | FROM_EVIL, 403, PAGE, b'{"advance": 1}'),
    Attempt("reset moto", "POST", "/moto-api/reset", FROM_EVIL, 403, PAGE),
    Attempt("read the health page by DNS rebinding", "GET", "/_lambent/health", REBOUND, 403, HOST),
    Attempt(
        "read objects by DNS rebinding", "GET", f"/{BUCKET}/a", REBOUND | {"sec-fetch-site": "same-origin"}, 403, HOST
    ),
    Attempt("upload to a bucket without rules", "PUT", f"/{CLOSED}/a?{LINK}", TEXT | {"origin": APP}, 403, RULES, b"x"),
    Attempt(
        "upload from a page that the rules don't name", "PUT", f"/{BUCKET}/a?{LINK}", TEXT | FROM_EVIL, 403, RULES, b"x"
    ),
    Attempt("delete what the rules only let be put", "DELETE", f"/{BUCKET}/a?{LINK}", {"origin": APP}, 403, RULES),
    Attempt(
        "upload by a link from a page that they name",
        "PUT",
        f"/{BUCKET}/a?{LINK}",
        TEXT | {"origin": APP},
        200,
        RULES,
        b"x",
    ),
    Attempt(
        "ask before it",
        "OPTIONS",
        f"/{BUCKET}/a",
        {"origin": APP, "access-control-request-method": "PUT", "access-control-request-headers": "content-type"},
        200,
        RULES,
    ),
    Attempt(
        "follow a presigned link", "GET", f"/{BUCKET}/a?{LINK}", {"sec-fetch-site": "cross-site"}, 200, "presigned"
    ),
    Attempt("open the health page by hand", "GET", "/_lambent/health", {"sec-fetch-site": "none"}, 200, "no page asks"),
    Attempt(
        "end environments from a listed page", "POST", "/_lambent/recycle", {"origin": LISTED}, 200, "setting origins"
    ),
    Attempt("come by a listed name", "GET", "/_lambent/health", {"host": "lambent.example"}, 200, "setting host_names"),
)

HEAD = """
## What a page of the web can't do

Whatever runs in a browser can send requests to this machine. What says that a page made the browser send it (`Origin`,
`Sec-Fetch-Site`), or that it came by a name that is not this platform's (`Host`), is refused before it is read. The
platform's names are loopback names and addresses with any port (every address, where others than loopback are listened
on), AWS's own host names, and those of the setting `host_names`; pages that may ask are listed in the setting
`origins`. Uploads to buckets and presigned links are excepted: there the bucket's CORS configuration decides. No answer
of moto's carries CORS headers of its own. Each line is a request of `tools/pages.py`, sent to a real server by
`tests/e2e/test_pages.py`.

| a page tries to | answer | why |
| --- | --- | --- |
"""


def part() -> str:
    """The part of docs/isolation.md."""
    return HEAD + "".join(
        f"| {one.name} | {'answered' if one.status < 300 else '**refused**'} ({one.status}) | {one.why} |\n"
        for one in ATTEMPTS
    )
