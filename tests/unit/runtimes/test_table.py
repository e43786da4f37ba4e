"""The runtime table."""

from datetime import date

import pytest

from lambent.runtimes import table
from lambent.runtimes.table import RUNTIMES


def test_dates_of_a_deprecated_runtime() -> None:
    runtime = RUNTIMES["python3.9"]
    assert runtime.deprecated(date(2026, 1, 1))
    assert runtime.creatable(date(2026, 8, 30))
    assert not runtime.creatable(date(2026, 8, 31))
    assert runtime.updatable(date(2026, 9, 29))
    assert not runtime.updatable(date(2026, 9, 30))


def test_a_date_that_is_not_scheduled() -> None:
    assert RUNTIMES["dotnet9"].creatable(date(2100, 1, 1))


def test_python_versions() -> None:
    assert RUNTIMES["python3.12"].python == "3.12"
    assert RUNTIMES["nodejs22.x"].python is None


@pytest.mark.parametrize("identifier", table.RUN_HERE)
def test_what_runs_here(identifier: str) -> None:
    assert table.lookup(identifier).python is not None


@pytest.mark.parametrize(
    ("identifier", "text"),
    [("nodejs22.x", "does not run it yet"), ("perl5", "no such runtime"), ("", "no such")],
)
def test_what_does_not_run_here_is_refused_by_name(identifier: str, text: str) -> None:
    with pytest.raises(table.RuntimeUnsupported, match=text):
        table.lookup(identifier)


def test_blocking_never_comes_before_deprecation_of_current_runtimes() -> None:
    for runtime in RUNTIMES.values():
        if runtime.block_create and runtime.block_update and runtime.deprecation > date(2021, 1, 1):
            assert runtime.deprecation <= runtime.block_create <= runtime.block_update
