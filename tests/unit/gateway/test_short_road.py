"""Which requests the short road takes, and what it hands on."""

import pytest

from lambent.gateway.short import ShortRoad
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Outcome
from lambent.model.names import function_arn
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

SCOPE = Scope("111111111111", "us-east-1")
AUTH = "AWS4-HMAC-SHA256 Credential=111111111111/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host"


def sent(path: str, query: str = "") -> tuple[str, str | None] | None:
    """The name and qualifier that were looked up; None when the request was left to the chain."""
    seen: list[tuple[str, str | None]] = []

    def functions(scope: Scope, name: str, qualifier: str | None) -> tuple[FunctionVersion, str]:
        assert scope == SCOPE
        seen.append((name, qualifier))
        version = FunctionVersion(scope, name, "7", "python3.12", "h.h", "0" * 64, "r", "1")
        return version, function_arn(scope, name, qualifier)

    def submit(function: FunctionVersion, invocation, answer) -> None:
        name, qualifier = seen[0]
        assert invocation.function_arn == function_arn(SCOPE, name, qualifier)
        answer(Outcome(b"1"))

    road = ShortRoad(
        functions, submit, lambda key: key, lambda: "id", lambda request_id: "trace", lambda *_: Response(500), 100
    )
    answers: list[Response] = []
    request = Request("POST", f"/2015-03-31/functions/{path}/invocations", query, {"authorization": AUTH}, b"1")
    taken = road(request, answers.append)
    assert taken == bool(seen) == bool(answers)
    if answers:
        assert b"X-Amz-Executed-Version: 7\r\n" in answers[0].head
    return seen[0] if seen else None


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("f", "", ("f", None)),
        ("f", "Qualifier=live", ("f", "live")),
        ("f", "Qualifier=7", ("f", "7")),
        ("f", "Qualifier=%24LATEST", ("f", "$LATEST")),
        ("f", "Qualifier=$LATEST", ("f", "$LATEST")),
        ("f:live", "", ("f", "live")),
        ("f%3A7", "", ("f", "7")),
        ("f%3A%24LATEST", "", ("f", "$LATEST")),
        ("f:live", "Qualifier=live", None),
        ("f", "Qualifier=", None),
        ("f", "Qualifier=a&Qualifier=b", None),
        ("f", "Qualifier=live&x=1", None),
        ("f", "qualifier=live", None),
        ("f", "Qualifier=inval%21d", None),
        ("function:f", "", None),
        ("111111111111:f", "", None),
        ("us-east-1:f", "", None),
        ("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af", "", None),
        ("f:a:b", "", None),
        ("a" * 65, "", None),
    ],
)
def test_what_the_short_road_takes(path: str, query: str, found: tuple[str, str | None] | None) -> None:
    assert sent(path, query) == found
