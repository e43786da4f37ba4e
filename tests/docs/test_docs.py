"""Documents that can be checked are checked."""

import re
from pathlib import Path

import pytest

from lambent.engine.environment import Phase
from tools import coverage, deploy, isolation, lifecycle, mistakes, moto, neighbour, recorded

ROOT = Path(__file__).parents[2]


def test_the_coverage_page_is_what_the_code_says() -> None:
    assert coverage.PAGE.read_text("utf-8") == coverage.page(), "run: python -m tools.coverage"


def test_the_page_of_deploying_is_what_the_tables_say() -> None:
    assert deploy.PAGE.read_text("utf-8") == deploy.page(), "run: python -m tools.deploy"


def test_the_lifecycle_page_is_what_the_code_says() -> None:
    assert lifecycle.PAGE.read_text("utf-8") == lifecycle.page(), "run: python -m tools.lifecycle"


def test_the_page_of_the_neighbour_is_what_its_tables_say() -> None:
    assert neighbour.PAGE.read_text("utf-8") == neighbour.page(), "run: python -m tools.neighbour"


def test_the_page_of_recorded_answers_is_what_the_replays_say() -> None:
    assert recorded.PAGE.read_text("utf-8") == recorded.page(), "run: python -m tools.recorded"


def test_the_page_of_mistakes_is_what_the_data_say() -> None:
    assert mistakes.PAGE.read_text("utf-8") == mistakes.page(), "run: python -m tools.mistakes"


def test_the_isolation_page_is_what_the_table_says() -> None:
    assert isolation.PAGE.read_text("utf-8") == isolation.page(), "run, as root: python -m tools.isolation"


def test_every_place_in_moto_that_could_do_harm_was_looked_at() -> None:
    assert moto.unlooked() == []
    assert moto.PAGE.read_text("utf-8") == moto.page(), "run: python -m tools.moto"


def test_every_room_is_described() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for room in (path.name for path in (ROOT / "src" / "lambent").iterdir() if path.is_dir()):
        if not room.startswith("__"):
            assert f"`{room}/`" in text, f"ARCHITECTURE.md does not describe {room}/"


def test_every_phase_is_described() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for phase in Phase:
        assert f"| `{phase.name}` |" in text


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_links_between_documents_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text("utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize(
    ("page", "more_than"),
    [
        ("environment.md", 30),
        ("time.md", 8),
        ("sources.md", 30),
        ("seeing.md", 30),
        ("http.md", 30),
        ("isolation.md", 90),
    ],
)
def test_every_test_that_a_page_of_promises_names_is_there(page: str, more_than: int) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / page).read_text("utf-8"))
    assert len(named) > more_than
    for path, test in named:
        assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8"), f"{path}::{test}"


def test_every_scenario_that_the_environment_page_names_is_there() -> None:
    text = (ROOT / "docs" / "environment.md").read_text("utf-8")
    files = [*(ROOT / "tests" / "sandbox").glob("promise_*.py"), ROOT / "tests" / "sandbox" / "scenarios.py"]
    scenarios = "".join(file.read_text("utf-8") for file in files)
    for scenario in re.findall(r"\[(\w+)\](?!\()", text):
        assert f"async def {scenario}(" in scenarios, scenario


def test_every_module_that_the_architecture_names_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text("utf-8")))
    there = [f"/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "src" / "lambent").rglob("*.py")]
    assert [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in there)] == []


def test_where_a_change_goes_is_there() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Where a change goes")[2].partition("\n## ")[0]
    named = [path for path in re.findall(r"`([\w/]+\.(?:py|json))`", section) if "/" in path or path == "settings.py"]
    assert len(named) > 20
    assert [path for path in named if not (ROOT / "src" / "lambent" / path).is_file()] == []
