"""Every rule: its bad example has findings exactly at the lines marked `# expect`, its good one has none."""

from pathlib import Path

import pytest

from lambent.pitfalls import catalogue
from lambent.pitfalls.facts import reading
from lambent.pitfalls.finding import Finding

EXAMPLES = Path(__file__).parent / "examples"


def found(code: str, folder: Path) -> list[Finding]:
    return catalogue.one_each(catalogue.rules()[code].find(reading.read(folder)))


def expected(folder: Path) -> set[tuple[str, int]]:
    return {
        (path.relative_to(folder).as_posix(), number)
        for path in folder.rglob("*")
        if path.is_file()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if line.endswith(("# expect", "// expect"))
    }


@pytest.mark.parametrize("code", catalogue.rules())
def test_the_bad_example_is_found_at_its_lines_and_the_good_one_is_not(code: str) -> None:
    bad = EXAMPLES / code / "bad"
    marked = expected(bad)
    assert marked, "no line is marked"
    assert {(one.place.path, one.place.line) for one in found(code, bad)} == marked
    assert not found(code, EXAMPLES / code / "good")
