"""What pytest takes for granted of the files of tests."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_names_of_test_files_are_their_own() -> None:
    """Outside of packages pytest imports them by their bare names, and stops at the second of one name."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
