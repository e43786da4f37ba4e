"""What an answer says of its batch."""

import json
from typing import Any

import pytest

from lambent.engine import batch_response
from lambent.engine.batch_response import DONE, Verdict

IDS = ("a", "b", "c")
WHOLE = Verdict(IDS, malformed=True)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, [], "text", 3])
def test_success(answer: Any) -> None:
    assert batch_response.read(json.dumps(answer).encode(), IDS) == DONE


def test_an_empty_answer_is_a_success() -> None:
    assert batch_response.read(b"", IDS) == DONE


@pytest.mark.parametrize(
    "failures",
    [
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": None}],
        [{"foo": "a"}],
        [{"foo": None}],
        [{}],
        ["a"],
        "a",
        {"itemIdentifier": "a"},
        [{"itemIdentifier": "unknown"}],
        [{"itemIdentifier": "a"}, {"itemIdentifier": ""}],
        [{"itemIdentifier": 1}],
    ],
)
def test_a_malformed_list_fails_the_whole_batch(failures: Any) -> None:
    assert batch_response.read(json.dumps({"batchItemFailures": failures}).encode(), IDS) == WHOLE


def test_an_answer_that_is_no_json_fails_the_whole_batch() -> None:
    assert batch_response.read(b"{", IDS) == WHOLE


def test_the_failed_ones_stand_in_the_order_of_the_batch() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "c"}, {"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}
    assert batch_response.read(json.dumps(answer).encode(), IDS) == Verdict(("a", "c"))


def test_whether_failures_are_named_where_nobody_listens() -> None:
    assert batch_response.reports(b'{"batchItemFailures": [{"itemIdentifier": "a"}]}')
    assert not any(map(batch_response.reports, (b"", b"{", b"null", b"{}", b'{"batchItemFailures": []}')))
