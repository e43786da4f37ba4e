"""Files left in /tmp."""

from collections.abc import Iterator

from lambent.pitfalls import temporary
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Files written in the handler's reach and not removed on every way out."""
    for function in project.functions:
        for file in temporary.made(function):
            removed = temporary.removal(file)
            if removed == "always" or (temporary.checked_before(file) and removed == "never"):
                continue
            if file.fixed and removed == "never" and not file.appends:
                continue  # it is overwritten: one file at most (EXE003)
            when = "is removed on success only" if removed == "success" else "is never removed"
            yield Hit(file.where.place(file.node), f"what is written to /tmp {when}", function)


RULE = Rule(
    code="EXE004",
    title="A file in /tmp is not removed on every way out",
    level="warning",
    reliability="likely",
    production='/tmp (512 MB by default) outlives the invocation: files pile up in the warm environment until "No space'
    ' left on device", on a busy day.',
    mend="remove it in `finally`, or write it in `with tempfile.TemporaryDirectory()`",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html",),
    seeds="001, 002",
    elsewhere="SonarQube S7620 sees a literal path of `open` in the handler only. A fixed name that is overwritten is EXE003.",
)
