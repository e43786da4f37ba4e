"""Changing a function from its page, and measuring it."""

import time
from typing import Any

import pytest

from lambent.cli.console import _measure
from lambent.cli.errors import CliError, explain
from lambent.console.tunings import Tunings
from tests.unit.console.fake import FUNCTION, Browser, Refused, site, tuned, usual
from tests.unit.waiting import until_a_thread

SETTINGS = {
    "MemorySize": "256",
    "Timeout": "9",
    "tmp": "512",
    "Description": "d",
    "Tracing": "Active",
    "Handler": "a.b",
}
SAVED = {"lambda.update_function_configuration": FUNCTION | {"MemorySize": 256, "RevisionId": "rev-2"}}


def browser(**answers: Any) -> Browser:
    return Browser(site(usual() | SAVED | {key.replace("__", "."): value for key, value in answers.items()}))


def asked(browser: Browser, operation: str) -> dict[str, Any]:
    return next(params for _, name, params in browser.calls if name == operation)


def test_settings_are_saved_for_the_revision_that_was_shown() -> None:
    opened = browser()
    said = opened.post("/functions/hello/settings", revision="rev-1", **SETTINGS)
    assert asked(opened, "update_function_configuration") == {
        "FunctionName": "hello", "MemorySize": 256, "Timeout": 9, "EphemeralStorage": {"Size": 512},
        "Description": "d", "TracingConfig": {"Mode": "Active"}, "Handler": "a.b", "RevisionId": "rev-1",
    }  # fmt: skip
    assert "256 MB" in said.text and 'value="rev-2"' in said.text and "API_KEY" not in said.text


def test_the_revision_is_that_of_the_change_which_is_over() -> None:
    said = FUNCTION | {"LastUpdateStatus": "InProgress", "RevisionId": "on the way"}
    over = FUNCTION | {"LastUpdateStatus": "Successful", "RevisionId": "over"}
    answers = {"lambda__update_function_configuration": said, "lambda__get_function_configuration": over}
    shown = browser(**answers).post("/functions/hello/settings", **SETTINGS).text
    assert 'value="over"' in shown and "on the way" not in shown


def test_functions_that_are_looked_through_are_asked_for_once_in_a_while() -> None:
    opened = browser()
    for sought in ("h", "he", "nothing"):
        opened.get(f"/functions?q={sought}")
    assert [name for _, name, _ in opened.calls].count("list_functions") == 1


def test_what_somebody_else_changed_first_is_not_overwritten() -> None:
    said = browser(lambda__update_function_configuration=Refused("PreconditionFailedException", 412)).post(
        "/functions/hello/settings", revision="old", **SETTINGS
    )
    assert said.status_code == 412 and "PreconditionFailed" in said.text


@pytest.mark.parametrize("wrong", [{"MemorySize": "much"}, {"tmp": ""}])
def test_what_is_no_number_is_not_sent(wrong: dict[str, str]) -> None:
    opened = browser()
    assert opened.post("/functions/hello/settings", **SETTINGS | wrong).status_code == 400
    assert opened.calls == []


def test_variables_are_edited_with_their_values_and_saved_without_showing_them() -> None:
    opened = browser()
    assert "s3cr3t" in opened.post("/functions/hello/variables/edit").text
    fields = {"name0": "API_KEY", "value0": "n3w", "name1": "", "value1": "gone", "name2": "LINES", "value2": "a\r\nb"}
    said = opened.post("/functions/hello/variables/save", revision="rev-1", **fields)
    wanted = asked(opened, "update_function_configuration")["Environment"]["Variables"]
    assert wanted == {"API_KEY": "n3w", "LINES": "a\nb"}
    assert "API_KEY" in said.text and "s3cr3t" not in said.text and "n3w" not in said.text


def test_a_variable_is_there_once() -> None:
    said = browser().post("/functions/hello/variables/save", name0="A", value0="1", name1="A", value1="2")
    assert said.status_code == 400 and "twice" in said.text


def test_a_form_of_too_many_fields_is_not_taken() -> None:
    said = browser().post("/functions/hello/variables/save", **{f"name{number}": "" for number in range(500)})
    assert said.status_code == 413


@pytest.mark.parametrize(
    ("text", "operation", "params"),
    [
        ("", "delete_function_concurrency", {}),
        ("0", "put_function_concurrency", {"ReservedConcurrentExecutions": 0}),
        ("7", "put_function_concurrency", {"ReservedConcurrentExecutions": 7}),
    ],
)
def test_concurrency_is_reserved_or_not(text: str, operation: str, params: dict[str, int]) -> None:
    opened = browser()
    assert opened.post("/functions/hello/concurrency", reserved=text).status_code == 200
    assert asked(opened, operation) == {"FunctionName": "hello", **params}


def test_an_alias_leads_to_a_version_and_partly_to_another() -> None:
    opened = browser()
    fields = {"alias": "live", "version": "2", "second": "1", "weight": "10"}
    said = opened.post("/functions/hello/aliases", known="1", **fields)
    routing = {"AdditionalVersionWeights": {"1": 0.1}}
    assert asked(opened, "update_alias") == {
        "FunctionName": "hello", "Name": "live", "FunctionVersion": "2", "RoutingConfig": routing
    }  # fmt: skip
    assert "10% of its invocations to 1" in said.text
    opened.post("/functions/hello/aliases", alias="new", version="2")
    assert asked(opened, "create_alias")["RoutingConfig"] == {"AdditionalVersionWeights": {}}


def test_a_version_is_published() -> None:
    opened = browser(lambda__publish_version={"Version": "3"})
    assert "It is version 3" in opened.post("/functions/hello/versions", description="better").text
    assert asked(opened, "publish_version") == {"FunctionName": "hello", "Description": "better"}


def test_a_tuning_is_begun_and_its_result_is_shown_until_the_console_ends() -> None:
    opened = browser()
    assert "Your function stays as it is" in opened.get("/functions/hello/tune").text
    said = opened.post("/functions/hello/tune", powers="128,512", num="5", strategy="speed", payload="[1]").text
    until = time.monotonic() + 5
    while "128 MB is it" not in said and time.monotonic() < until:
        said = opened.get("/functions/hello/tuning").text
    page = opened.get("/functions/hello/tune").text
    assert "128 MB is it" in page and 'value="128,512"' in page and "[1]" in page


def test_one_function_is_measured_once_at_a_time_and_says_what_went_wrong() -> None:
    known = Tunings()

    def broken(_asked: Any, _told: Any) -> Any:
        raise CliError("no")

    first = known.begin({"function": "f"}, broken, lambda error: (explain(error) or ("", 0))[0])
    until_a_thread(lambda: first.over)
    assert first.trouble == "no"
    known._known["g"] = under_way = type(first)({"function": "g"})
    assert known.begin({"function": "g"}, tuned, str) is under_way


@pytest.mark.parametrize("wrong", [{"num": "4"}, {"num": "x"}, {"strategy": "best"}, {"payload": "{"}, {"powers": "1"}])
def test_what_is_no_tuning_is_refused_before_anything_is_made(wrong: dict[str, str]) -> None:
    form = {"function": "f", "payload": "{}", "num": "5", "strategy": "cost", "powers": "128"}
    with pytest.raises(CliError):
        _measure(None, form | wrong, lambda _line: None)  # type: ignore[arg-type]
