"""512 MB for whatever comes."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Place, Project
from lambent.pitfalls.facts.python import fold
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.temporary import in_tmp


def check(project: Project) -> Iterator[Hit]:
    """Objects that are downloaded, and archives that are unpacked, into a /tmp of the usual size."""
    for function in project.functions:
        if function.listed and function.fact("EphemeralStorage").absent:
            for place in list(_fillers(function))[:1]:
                yield Hit(place, "what comes may be larger than the 512 MB of /tmp", function)


def _fillers(function: Function) -> Iterator[Place]:
    for call in effects.calling(function, "s3", "download_file", "download_fileobj"):
        yield call.place
    for one in reached(function):
        for node in one.nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "extractall":
                target = fold(node.args[0], one.module, one) if node.args else None
                if in_tmp(target) or target == "/tmp":
                    yield one.place(node)


RULE = Rule(
    code="LIM012",
    title="What is downloaded may be larger than /tmp",
    level="info",
    reliability="possible",
    production="OSError: [Errno 28] No space left on device, at the first large object; what earlier invocations left"
    " counts too.",
    mend="EphemeralStorage up to 10,240 MB, or read it as a stream",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html",),
    seeds="001, 002, 004",
)
