"""Sites: what has a host name of its own, or is reached by a path."""

import asyncio
import tempfile

import pytest

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.hosts import Hosts, Site
from lambent.gateway.sites import Sites
from lambent.model.acting import Acting
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.site import LOADED_BYTES, SiteRequest

OWN, OTHER = "111111111111", "222222222222"
API = "api1.execute-api.us-east-1.localhost:4566"


async def forward(_request: Request, _caller: object, _service: str) -> Response:
    return Response(200, [], b"forwarded")


class Asked:
    """A gateway with one API, `api1`; `seen` is what its door was asked."""

    def __init__(self) -> None:
        self.seen: list[SiteRequest] = []
        self.sites = Sites()
        self.sites.add("execute-api", self._nobody)
        self.sites.add("execute-api", self._serve)
        self.sites.add_names(
            lambda name: Site("execute-api", "api1", "") if name == "api.example.com" else None,
            lambda name: OWN if name == "api.example.com" else None,
        )
        self.gateway = Gateway({}, {}, forward, account_of, lambda _key: None, lambda: "id", sites=self.sites)

    async def _nobody(self, _request: SiteRequest) -> Response | None:
        return None

    async def _serve(self, request: SiteRequest) -> Response | None:
        if request.id != "api1":
            return None
        self.seen.append(request)
        if request.path == "/refused":
            raise Fault("ForbiddenException", "no", status=403)
        return Response(200, [], b"served")

    def __call__(self, request: Request) -> Response:
        return asyncio.run(self.gateway(request))


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("api.example.com", True),
        ("api1.execute-api.us-east-1.amazonaws.com", False),
        ("api1.execute-api.us-east-1.localhost", False),
        ("sync-127.0.0.1", False),
    ],
)
def test_which_names_the_dns_may_lead_elsewhere(name: str, users: bool) -> None:
    assert Sites().is_users(name) is users


@pytest.mark.parametrize(
    ("host", "path", "place"),
    [
        (API, "/prod/a%2Fb", ("api1", "us-east-1", "/prod/a%2Fb", "")),
        ("api1.execute-api.eu-west-1.amazonaws.com", "/", ("api1", "eu-west-1", "/", "")),
        ("api.example.com", "/x", ("api1", "", "/x", "")),
        ("API.example.com:80", "/x", ("api1", "", "/x", "")),
        ("localhost:4566", "/_aws/execute-api/api1/prod/x", ("api1", "", "/prod/x", "/_aws/execute-api/api1")),
        ("localhost:4566", "/_aws/execute-api/api1", ("api1", "", "/", "/_aws/execute-api/api1")),
        (
            "localhost",
            "/restapis/api1/prod/_user_request_/x",
            ("api1", "", "/prod/x", "/restapis/api1/prod/_user_request_"),
        ),
        (
            "localhost",
            "/restapis/api1/%24default/_user_request_",
            ("api1", "", "/$default/", "/restapis/api1/%24default/_user_request_"),
        ),
    ],
)
def test_where_a_request_leads(host: str, path: str, place: tuple[str, str, str, str]) -> None:
    asked = Asked()
    response = asked(Request("GET", path, "a=1", {"host": host, "origin": "http://any.test"}))
    assert (response.status, response.body) == (200, b"served")
    (seen,) = asked.seen
    assert (seen.id, seen.region, seen.path, seen.base) == place
    assert (seen.method, seen.query, seen.host, seen.peer, seen.scheme) == ("GET", "a=1", host, "127.0.0.1", "http")


def test_which_names_lead_here_from_inside() -> None:
    sites = Asked().sites
    sites.add_known("execute-api", lambda site: site == ("execute-api", "api1", "us-east-1"))
    led = ["api1.execute-api.us-east-1.amazonaws.com", "api.example.com", "any.localhost", "sync-127.0.0.1"]
    asked = [*led, "api2.execute-api.us-east-1.amazonaws.com", "api1.execute-api.eu-west-1.amazonaws.com"]
    asked += ["api1.execute-api.us-east-1.example.com", "sqs.us-east-1.amazonaws.com", "example.com", "localhost.test"]
    assert [name for name in asked if sites.leads(name, OWN)] == led
    assert [name for name in led if not sites.leads(name, OTHER)] == ["api.example.com"]


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("api2.execute-api.us-east-1.localhost", "/", 403),
        ("localhost", "/_aws/execute-api/api2/x", 403),
        (API, "/refused", 403),
        ("other.example.com", "/", 403),
        ("lb-1.us-east-1.elb.amazonaws.com", "/", 501),
    ],
)
def test_what_is_not_there_is_refused(host: str, path: str, status: int) -> None:
    assert Asked()(Request("GET", path, "", {"host": host})).status == status


@pytest.mark.parametrize("path", ["/restapis/api1/stages/prod", "/restapis", "/_aws/sqs/x", "/x/_aws/execute-api/api1"])
def test_the_apis_own_paths_are_no_sites(path: str) -> None:
    assert Sites().find(Request("GET", path, "", {"host": "localhost"})) is None


def test_headers_are_seen_as_they_were_sent() -> None:
    asked = Asked()
    lines = [(b"Host", API.encode()), (b"X-A", b"1"), (b"Cookie", b"a"), (b"x-a", b"2")]
    asked(Request("GET", "/", "", {"host": API, "x-a": "1, 2"}, lines=lines))
    assert asked.seen[0].headers == [("Host", API), ("X-A", "1"), ("Cookie", "a"), ("x-a", "2")]
    assert asked.seen[0].named["x-a"] == "1, 2"


@pytest.mark.parametrize(("size", "loaded"), [(LOADED_BYTES, True), (LOADED_BYTES + 1, False)])
def test_a_body_that_no_site_takes_is_not_loaded(size: int, loaded: bool) -> None:
    asked = Asked()
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        asked(Request("POST", "/", "", {"host": API}, file=file))
    assert asked.seen[0].length == size
    assert len(asked.seen[0].body) == (size if loaded else 0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:4566", "LOCALHOST", "lambda.us-east-1.amazonaws.com", "mine.localhost"]
)
def test_no_domain_name_takes_what_is_for_the_endpoint(host: str) -> None:
    sites = Sites(Hosts().is_own)
    sites.add_names(lambda name: Site("execute-api", "theirs", ""), lambda _name: OWN)
    assert sites.named(host) is None
    assert sites.leads("sts.amazonaws.com", OWN) is False
    assert sites.named("api.example.com") is not None


@pytest.mark.parametrize("path", ["/_aws/execute-api/api1/x", "/restapis/api1/dev/_user_request_/x"])
def test_who_has_this_process_ask_reaches_no_site_by_a_path(path: str) -> None:
    """A template's address, say, whose bucket is called `_aws`."""
    asked = Asked()
    asked(
        Request("GET", path, "", {"host": "127.0.0.1"}, acting=Acting("cloudformation.amazonaws.com", "222222222222"))
    )
    assert asked.seen == []


@pytest.mark.parametrize("page", ["health", "recycle", "clock"])
def test_who_has_this_process_ask_reaches_none_of_its_pages(page: str) -> None:
    request = Request(
        "GET",
        f"/_lambent/{page}",
        "",
        {"host": "127.0.0.1"},
        acting=Acting("cloudformation.amazonaws.com", "222222222222"),
    )
    assert Asked()(request).status == 403
