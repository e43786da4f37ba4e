"""The next warm invocation finds yesterday's file."""

from collections.abc import Iterator

from lambent.pitfalls import temporary
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Files written under a constant name in what the handler reaches."""
    for function in project.functions:
        for file in temporary.made(function):
            if file.fixed and not temporary.checked_before(file):
                yield Hit(
                    file.where.place(file.node),
                    f"{file.path} has the same name in every invocation"
                    + (", and is added to" if file.appends else ""),
                    function,
                    level="error" if file.appends else None,
                )


RULE = Rule(
    code="EXE003",
    title="A file in /tmp has the same name in every invocation",
    level="warning",
    reliability="certain",
    production="/tmp outlives the invocation: the next warm one finds the file of the last, which may be another"
    " user's, or half written after a crash or timeout.",
    mend="put context.aws_request_id into the name, or use tempfile.NamedTemporaryFile / TemporaryDirectory",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="000, 001, 002",
    elsewhere="bandit B108 and ruff S108 flag every literal with /tmp, for other reasons.",
    silent="the file's existence is checked first (a cache), or the name can't be folded to a constant",
)
