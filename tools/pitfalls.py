"""`python -m tools.pitfalls`: write docs/pitfalls from the rules and the catalogue."""

from pathlib import Path

from lambent.pitfalls import catalogue, pages

FOLDER = Path(__file__).parents[1] / "docs" / "pitfalls"


def texts() -> dict[str, str]:
    """File name -> text."""
    made = {f"{code}.md": pages.page(rule) for code, rule in catalogue.rules().items()}
    return {**made, "README.md": pages.table()}


def main() -> None:
    """Write all pages, remove those of rules that are gone."""
    FOLDER.mkdir(exist_ok=True)
    made = texts()
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
