"""Writes docs/lifecycle.md: the life of an execution environment, as a diagram and as its whole table.

Run as `python -m tools.lifecycle`; tests/docs compares the committed page with what this makes. What a row does is
found out by applying it, with and without an invocation and with each kind of extensions.
"""

from pathlib import Path

from lambent.engine import environment
from lambent.engine.environment import (
    ALONE,
    TABLE,
    Answer,
    Crew,
    Effect,
    Event,
    IllegalTransition,
    Phase,
    Report,
    ReportInit,
    State,
)

PAGE = Path(__file__).parents[1] / "docs" / "lifecycle.md"
INSIDE, OUTSIDE = Crew(internal=True, invoked=True), Crew(external=True, invoked=True)
CREWS = {
    Phase.EXTENSION_INIT: (OUTSIDE,),
    Phase.EXTENSION_REINIT: (OUTSIDE,),
    Phase.STOPPING: (INSIDE, OUTSIDE),
    Phase.LEAVING: (OUTSIDE,),
    Phase.RESET: (ALONE,),
}
"""The extensions that an environment in a phase can have; in the other phases any or none."""
OF_EXTENSIONS = frozenset({Event.REGISTERED, Event.JOINED, Event.READY, Event.EXTENSION_FAILED, Event.EXTENSIONS_GONE})

HEAD = """# The life of an execution environment

Made by `python -m tools.lifecycle` from the table in `src/lambent/engine/environment.py`; a test keeps it true.

"""


def page() -> str:
    """The whole page."""
    return HEAD + _phases() + _diagram() + _events() + _table()


def _phases() -> str:
    text = environment.__doc__ or ""
    block = text.split("\n\n")[2]
    rows = []
    for line in block.splitlines():
        name, _, words = line.strip().partition(" ")
        if name in Phase.__members__:
            rows.append(f"| `{name}` | {words.strip()} |\n")
    assert len(rows) == len(Phase)
    return "| phase | what it is |\n| --- | --- |\n" + "".join(rows)


def _diagram() -> str:
    """Every way from one phase to another; what keeps the phase is in the table."""
    ways: dict[tuple[Phase, Phase], list[str]] = {}
    for phase, event in TABLE:
        for after in sorted({after for after, _ in _outcomes(phase, event)}, key=list(Phase).index):
            if after is not phase:
                ways.setdefault((phase, after), []).append(event.value)
    lines = [f"    {phase.name} --> {after.name}: {', '.join(events)}" for (phase, after), events in ways.items()]
    chart = "\n".join(["stateDiagram-v2", f"    [*] --> {Phase.INIT.name}", *lines, f"    {Phase.ENDING.name} --> [*]"])
    return f"\n```mermaid\n{chart}\n```\n"


def _events() -> str:
    used = {event for _, event in TABLE}
    return "\nEvents: " + ", ".join(f"`{event.value}`" for event in Event if event in used) + ".\n"


def _table() -> str:
    text = (
        "\nEffects in their order; a row has several lines where they depend on whether an invocation waits, on the\n"
        "extensions, or on who has asked for the next event already.\n"
    )
    for phase in Phase:
        rows = "".join(_row(phase, event) for one, event in TABLE if one is phase)
        text += f"\n## {phase.name}\n\n| event | then | effects |\n| --- | --- | --- |\n{rows}"
    return text


def _row(phase: Phase, event: Event) -> str:
    outcomes = _outcomes(phase, event)
    then = "<br>".join(f"`{after.name}`" if after is not phase else "stays" for after, _ in outcomes)
    effects = "<br>".join(", ".join(names) or "none" for _, names in outcomes)
    return f"| `{event.value}` | {then} | {effects} |\n"


def _outcomes(phase: Phase, event: Event) -> list[tuple[Phase, tuple[str, ...]]]:
    """Where a row leads and what is done on the way, each once."""
    found: dict[tuple[Phase, tuple[str, ...]], None] = {}
    for state in _states(phase):
        if event in OF_EXTENSIONS and state.crew is ALONE:
            continue
        try:
            after, effects = environment.apply(state, event, 1.0, 3.0)
        except IllegalTransition:
            continue
        found[(after.phase, tuple(_name(effect) for effect in effects))] = None
    return list(found)


def _name(effect: Effect | Answer | Report | ReportInit) -> str:
    match effect:
        case Answer(cause, _, early):
            return f"answer ({cause.value}{', early' if early else ''})"
        case Report(cause):
            return f"report ({cause.value})"
        case ReportInit(stage, status):
            return f"report_init ({stage.value}, {status.value})"
        case _:
            return effect.value


def _states(phase: Phase) -> list[State]:
    always = {Phase.REINIT, Phase.EXTENSION_REINIT, Phase.BUSY}
    never = {Phase.IDLE, Phase.FROZEN, Phase.RESET, Phase.ENDING}
    return [
        State(
            phase,
            invoked=invoked,
            timeout=3.0,
            deadline=9.0,
            retired=retired,
            crew=crew,
            runtime_ready=not ready,
            extensions_ready=ready,
        )
        for invoked in (False, True)
        if (phase not in always or invoked) and (phase not in never or not invoked)
        for crew in CREWS.get(phase, (ALONE, INSIDE, OUTSIDE))
        for retired in (False, True)
        for ready in (True, False)
        if ready or crew is not ALONE
    ]


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
