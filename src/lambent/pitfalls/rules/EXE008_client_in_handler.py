"""Clients made anew each time."""

from collections.abc import Iterator

from lambent.pitfalls import clients
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Clients and connections made in what the handler reaches, with nothing of the event in them."""
    for function in project.functions:
        for one, node, what in clients.each_time(function):
            yield Hit(one.place(node), f"{what} is made in every invocation", function)


RULE = Rule(
    code="EXE008",
    title="A client is made in every invocation",
    level="warning",
    reliability="certain",
    production="Tens of milliseconds of CPU (more at little memory) and a new TLS handshake in every warm invocation,"
    " billed; to databases a new connection each time.",
    mend="make it once, at module level",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html",),
    seeds="001, 002, 004",
    elsewhere="SonarQube S6243 and CodeGuru lambda-client-reuse see the same.",
    silent="something of the event goes in, or it is kept in a global or an object",
)
