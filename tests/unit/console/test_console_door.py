"""Who may ask the console."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lambent.console.app import PAGES, STATIC, application
from lambent.console.door import COOKIE, HEADER, Door
from tests.unit.console.fake import ORIGIN, Browser, site, usual

PATHS = [path.format(name="hello", id="1") for _, path, _ in PAGES] + [f"/static/{name}" for name in STATIC]


@pytest.fixture
def browser() -> Browser:
    return Browser(site(usual()))


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_nothing_is_answered_without_a_session(path: str) -> None:
    client = TestClient(application(site({}), Door()), base_url=ORIGIN)
    assert client.get(path).status_code == 401
    assert client.post(path, headers={"Origin": ORIGIN}).status_code in (401, 405)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4568", "localhost:4568", "evil.example", "console.localhost.evil.example", ""]
)
def test_another_name_is_refused_even_with_the_session(browser: Browser, host: str) -> None:
    assert browser.get("/", headers={"Host": host}).status_code == 403
    assert browser.get("/enter", headers={"Host": host}, params={"token": browser.door.token}).status_code == 403


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_a_page_of_another_site_is_refused_even_with_the_session(browser: Browser, where: str) -> None:
    assert browser.get("/", headers={"Sec-Fetch-Site": where}).status_code == 403


def test_a_link_from_anywhere_may_begin_a_session(browser: Browser) -> None:
    said = browser.get("/enter", params={"token": browser.door.token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert said.status_code == 200
    assert "httponly; path=/; samesite=strict" in said.headers["set-cookie"].lower()


def test_a_ticket_is_for_once_and_the_token_for_any_number_of_times() -> None:
    door = Door()
    client = TestClient(application(site({}), door), base_url=ORIGIN)
    ticket = door.ticket()
    said = [client.get("/enter", params={"token": one}).status_code for one in (ticket, ticket, "", "x", "é")]
    assert said == [200, 403, 403, 403, 403]
    assert [client.get("/enter", params={"token": door.token}).status_code for _ in range(2)] == [200, 200]


def test_sessions_are_bounded() -> None:
    door = Door()
    client = TestClient(application(site({}), door), base_url=ORIGIN)
    for _ in range(100):
        client.get("/enter", params={"token": door.token})
    assert len(door._sessions) == 64


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"Origin": ORIGIN, HEADER: "wrong"},
        {"Origin": "http://127.0.0.1:4566", HEADER: "SECRET"},
        {"Origin": "null", HEADER: "SECRET"},
        {HEADER: "SECRET"},
    ],
)
def test_a_change_needs_the_origin_and_the_secret_of_the_session(browser: Browser, headers: dict[str, str]) -> None:
    said = {name: value.replace("SECRET", browser.secret) for name, value in headers.items()}
    assert browser.client.post("/clock", data={"by": "1h"}, headers=said).status_code == 403


def test_what_changes_anything_is_no_get(browser: Browser) -> None:
    for method, path, _page in PAGES:
        if method == "POST" and path not in {other for way, other, _ in PAGES if way == "GET"}:
            assert browser.get(path.format(name="hello")).status_code in (404, 405)


def test_every_answer_forbids_what_a_page_could_bring_along(browser: Browser) -> None:
    for path in ("/", "/nothing", "/static/console.js", "/static/../door.py", "/functions/hello"):
        said = browser.get(path)
        policy = said.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert "access-control-allow-origin" not in said.headers
    assert "no-store" in browser.get("/").headers["Cache-Control"]


def test_only_the_files_of_the_table_are_served(browser: Browser) -> None:
    for path in ("/static/htmx.LICENSE", "/static/..%2fdoor.py", "/static/%2e%2e/site.py"):
        assert browser.get(path).status_code == 404


def test_the_cookie_alone_is_no_session(browser: Browser) -> None:
    other = TestClient(browser.client.app, base_url=ORIGIN)
    assert other.get("/", headers={"Cookie": f"{COOKIE}=x"}).status_code == 401
    assert other.get("/", headers={"Cookie": "=;;\x01"}).status_code == 401


def test_a_form_without_end_is_not_read(browser: Browser) -> None:
    assert browser.post("/clock", by="1" * (13 << 20)).status_code == 413


TEMPLATES = sorted((Path(__file__).parents[3] / "src/lambent/console/templates").glob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_what_the_policy_forbids_or_asks_others(path: Path) -> None:
    text = path.read_text("utf-8")
    for forbidden in (
        "style=",
        "<style",
        "onclick",
        "hx-on",
        "javascript:",
        "js:",
        "|safe",
        "| safe",
        "//cdn",
        "https://",
    ):
        assert forbidden not in text
    assert "<script" not in text or path.name == "base.html"
