"""What only developers need, in the package."""

from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

TOOLS = {
    "pytest", "moto", "mypy", "black", "ruff", "flake8", "pylint", "ipython", "ipdb", "jupyter", "coverage", "tox", "hypothesis",
    "responses", "freezegun", "isort", "bandit", "pre-commit", "sphinx", "faker",
}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Distributions that test, format or check."""
    for function in project.functions:
        found = sorted(TOOLS & packages.distributions(packages.names(function)).keys())
        if found:
            yield Hit(packages.place(function), f"the package carries {', '.join(found)}", function)


RULE = Rule(
    code="PKG005",
    title="The package carries what only developers need",
    level="info",
    reliability="likely",
    production="A larger package starts slower, and counts towards 250 MB; what is there can be imported by whoever gets in.",
    mend="keep requirements of development in a file of their own",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html",),
    seeds="000, 001, 002",
    silent="the package is built elsewhere",
)
