"""The pages of the catalogue are what the rules say."""

from lambent.pitfalls import catalogue, pages
from tools import pitfalls


def test_the_pages_are_generated() -> None:
    on_disk = {path.name: path.read_text("utf-8") for path in pitfalls.FOLDER.glob("*.md")}
    assert on_disk == pitfalls.texts(), "run: python -m tools.pitfalls"


def test_every_entry_has_a_rule_or_a_reason() -> None:
    assert len(pages.entries()) == 137
    assert set(pages.entries()) == set(catalogue.rules()) | set(pages.WHY_NOT)
    assert not set(catalogue.rules()) & set(pages.WHY_NOT)
