"""Nothing that was recorded is passed over in silence."""

from pathlib import Path

from tests.recorded import (
    test_recorded_aliases,
    test_recorded_async,
    test_recorded_batches,
    test_recorded_functions,
    test_recorded_invocations,
    test_recorded_names,
    test_recorded_sharing,
    test_recorded_sources,
)
from tests.recorded.recordings import every_test, gaps, gaps_of
from tests.recorded.replaying import REPLAYED

MODULES = (
    test_recorded_aliases,
    test_recorded_async,
    test_recorded_batches,
    test_recorded_functions,
    test_recorded_invocations,
    test_recorded_names,
    test_recorded_sharing,
    test_recorded_sources,
)


def test_every_replay_is_known_here() -> None:
    """`REPLAYED` is complete only when every module of replays is loaded."""
    there = {path.stem for path in Path(__file__).parent.glob("test_recorded_*.py")}
    assert there == {module.__name__.rpartition(".")[2] for module in MODULES} | {Path(__file__).stem}


def test_every_recorded_test_is_replayed_or_a_gap() -> None:
    """Each answer of a replay is compared, or the replay fails (see `Said.close`)."""
    missing = [test for test, answers in every_test().items() if answers and test not in REPLAYED and not _is_gap(test)]
    assert missing == []


def _is_gap(test: str) -> bool:
    return any(not gap.key for gap in gaps_of(test))


def test_every_gap_is_about_something_recorded() -> None:
    """A gap that is none any more makes its replay fail; one about nothing is found here."""
    for gap in gaps():
        tests = [test for test in every_test() if gap.of_test(test)]
        assert tests, f"{gap.name}: there is no such recorded test"
        for test in tests:
            keys = [key for key in every_test()[test] if gap.of_key(key)]
            assert keys, f"{gap.name}: {test} has no such answer"
