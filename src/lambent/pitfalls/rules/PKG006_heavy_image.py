"""Images that carry what built them."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts import images
from lambent.pitfalls.facts.images import Build
from lambent.pitfalls.facts.project import Place, Project
from lambent.pitfalls.finding import Hit, Rule

_INSTALLS = re.compile(r"\b(yum|dnf|microdnf|apt|apt-get|apk)\b.*?\b(install|add)\b(.*)", re.S)
_TOOLS = re.compile(
    r"(?<![\w.-])(gcc(?:-c\+\+)?|g\+\+|make|cmake|build-essential|build-base|clang|git|[\w.-]+-dev(?:el)?)(?![\w-])"
)
_REMOVES = re.compile(r"\b(remove|purge|autoremove|del|erase)\b")


def check(project: Project) -> Iterator[Hit]:
    """Compilers installed in the last stage; all of the code copied before the dependencies are installed."""
    for function in project.functions:
        build = images.read(function, project)
        for line, text, reliability in _found(build) if build is not None else ():
            place = Place(build.path, line, line)  # type: ignore[union-attr]
            yield Hit(place, text, function, reliability="likely" if reliability else "possible")


def _found(build: Build) -> Iterator[tuple[int, str, bool]]:
    """Line, what is wrong there, whether that is likely."""
    copied = False
    for name, said, stage, line in build.steps:
        if stage == build.stages - 1:
            installs = _INSTALLS.search(said) if name == "RUN" else None
            tool = _TOOLS.search(installs[3]) if installs is not None and not _REMOVES.search(said) else None
            if tool is not None:
                yield line, f"{tool[1]} goes to production in the image", True
            if copied and name == "RUN" and re.search(r"\b(pip3?|npm|yarn)\b.*\b(install|ci)\b", said):
                yield (
                    line,
                    "every change of the code installs all dependencies again, and makes their layer anew",
                    False,
                )
            copied = copied or (name == "COPY" and said.split()[0] == ".")


RULE = Rule(
    code="PKG006",
    title="The image carries what built it",
    level="info",
    reliability="likely",
    production="Hundreds of megabytes more to pull at the first starts after a deployment, and to keep free of holes.",
    mend="build in a stage of its own and COPY --from it; dependencies before the code",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/python-image.html",),
    seeds="000, 002, 004",
    silent="the Dockerfile is not named by the template (SAM's Metadata, the framework's ecr.images)",
)
