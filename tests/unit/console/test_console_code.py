"""Small changes to the code of a function."""

import io
import zipfile
from typing import Any

import pytest

from lambent.console.pages import code
from tests.unit.console.fake import FUNCTION, Browser, package, site, usual

URL = "http://127.0.0.1:4566/_lambent/code/x"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = package(app_py="def handler(event, context): ...\n", other_txt="other", logo_png="\x00")

    class Opener:
        def open(self, url: str, timeout: float) -> io.BytesIO:
            assert url == URL
            return io.BytesIO(made)

    monkeypatch.setattr(code.urllib.request, "build_opener", lambda *_: Opener())
    return Browser(site(usual() | answers({"Location": URL})))


def answers(where: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "lambda.get_function": {"Configuration": FUNCTION | more, "Code": where},
        "lambda.update_function_code": FUNCTION | {"RevisionId": "rev-2"},
    }


def test_the_handlers_file_is_shown_at_first(browser: Browser) -> None:
    text = browser.get("/functions/hello/code").text
    assert "def handler" in text and "rev-1" in text and "other.txt" in text
    assert "It is not text" in browser.get("/functions/hello/code?file=logo.png").text
    assert "no such file" in browser.get("/functions/hello/code?file=../x").text


def test_a_file_is_put_into_the_package_if_nobody_else_changed_it(browser: Browser) -> None:
    said = browser.post("/functions/hello/code", file="app.py", text="new\r\n", revision="rev-1")
    assert "rev-2" in said.text
    [asked] = [params for _, operation, params in browser.calls if operation == "update_function_code"]
    assert asked["RevisionId"] == "rev-1"
    with zipfile.ZipFile(io.BytesIO(asked["ZipFile"])) as archive:
        assert archive.read("app.py") == b"new\n" and archive.read("other.txt") == b"other"
        assert [one.external_attr >> 16 for one in archive.infolist()] == [0o755] * 3
        assert {one.date_time for one in archive.infolist()} == {(2026, 1, 2, 3, 4, 6)}


@pytest.mark.parametrize("name", ["new.py", "logo.png", "../app.py"])
def test_no_file_is_added_and_none_that_is_no_text_changed(name: str) -> None:
    with pytest.raises(code.NoCode):
        code.replaced(package(app_py="x", logo_png="\x00"), name, b"y")


@pytest.mark.parametrize(
    ("where", "more", "why"),
    [
        ({"ImageUri": "image:1"}, {"PackageType": "Image"}, "image:1"),
        ({"Location": URL}, {"CodeSize": 100 << 20}, "up to 8.0 MB"),
        ({"Location": "http://169.254.169.254:4566/x"}, {}, "somewhere else"),
        ({"Location": "https://example.com/x"}, {}, "somewhere else"),
        ({"Location": "file:///etc/passwd"}, {}, "somewhere else"),
    ],
)
def test_what_can_not_be_shown_says_why(where: dict[str, str], more: dict[str, Any], why: str) -> None:
    said = Browser(site(usual() | answers(where, **more))).get("/functions/hello/code")
    assert why in said.text
