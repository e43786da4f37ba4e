"""The runtime table."""

from datetime import date

import pytest

from lambent.runtimes import table
from lambent.runtimes.table import RUNTIMES


def test_dates_of_a_deprecated_runtime() -> None:
    runtime = RUNTIMES["python3.9"]
    assert runtime.creatable(date(2026, 8, 30))
    assert not runtime.creatable(date(2026, 8, 31))


def test_a_date_that_is_not_scheduled() -> None:
    assert RUNTIMES["dotnet9"].creatable(date(2100, 1, 1))


def test_python_versions() -> None:
    assert RUNTIMES["python3.12"].python == "3.12"
    assert RUNTIMES["nodejs22.x"].python is None


@pytest.mark.parametrize("identifier", table.RUN_HERE)
def test_what_runs_here(identifier: str) -> None:
    assert table.lookup(identifier).family in ("python", "nodejs", "provided")


@pytest.mark.parametrize(
    ("identifier", "text"),
    [("java21", "does not run it; use a container image"), ("perl5", "no such runtime"), ("", "no such")],
)
def test_what_does_not_run_here_is_refused_by_name(identifier: str, text: str) -> None:
    with pytest.raises(table.RuntimeUnsupported, match=text):
        table.lookup(identifier)


def test_blocking_never_comes_before_deprecation_of_current_runtimes() -> None:
    for runtime in RUNTIMES.values():
        if runtime.block_create and runtime.block_update and runtime.deprecation > date(2021, 1, 1):
            assert runtime.deprecation <= runtime.block_create <= runtime.block_update


NOW = date(2026, 4, 1)


def test_what_aws_refuses_is_refused_in_its_words() -> None:
    for runtime in ("java8", "go1.x", "provided", "ruby2.7", "python3.7", "nodejs14.x", "dotnetcore3.1", "nodejs12.x"):
        assert table.refusal(runtime, NOW) == (
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    assert table.refusal("non-existent-runtime", NOW).startswith(
        "Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
        "[nodejs20.x, python3.14, provided.al2023, "
    )
    assert table.refusal("non-existent-runtime", NOW).endswith("provided.al2, java8.al2] or be a valid ARN")
    assert table.refusal("dotnet9", NOW).startswith("Value dotnet9")


def test_the_runtimes_of_aws_s_model_are_all_known() -> None:
    import botocore.session

    named = set(botocore.session.get_session().get_service_model("lambda").shape_for("Runtime").enum) - {"custom"}
    assert named <= set(RUNTIMES)
    for runtime in ("python3.15", "nodejs26.x"):
        assert table.refusal(runtime, NOW) == ""
        assert table.lookup(runtime).os == "Amazon Linux 2023"


def test_refusals_follow_the_clock_but_not_forecasts() -> None:
    assert table.refusal("java8", date(2024, 2, 7)) == ""
    assert "no longer supported" in table.refusal("java8", date(2024, 2, 8))
    assert not RUNTIMES["nodejs20.x"].creatable(date(2027, 1, 1))
    assert {name for name in table.OFFERED if table.refusal(name, date(2027, 1, 1))} == set()
