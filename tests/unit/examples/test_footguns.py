"""The PDF function as it is often written first has its weaknesses found; the tuned one has none."""

from pathlib import Path

from lambent.pitfalls import checking

EXAMPLES = Path(__file__).parents[3] / "examples"
ADMITTED = {"ARC008", "ESM002", "OBS002", "OBS004", "EXE011", "EXE017"}
UNADMITTED = {"EXE004", "EXE012", "LIM005", "SEC006", "IAM002"}


def test_the_function_written_first_has_every_weakness() -> None:
    found = {one.code for one in checking.check(EXAMPLES / "footguns" / "pdf_function", everything=True).findings}
    assert found >= ADMITTED | UNADMITTED


def test_the_tuned_function_has_a_clean_bill() -> None:
    assert not checking.check(EXAMPLES / "pdf_manifest", everything=True).findings
