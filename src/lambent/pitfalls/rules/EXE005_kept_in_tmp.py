"""What is expected to be in /tmp still."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import temporary
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Place, Project
from lambent.pitfalls.facts.python import Reached, chain, fold
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.finding import Hit, Rule

_DATABASES = ("sqlite3.connect", "shelve.open", "dbm.open", "tinydb.TinyDB")

_UNPACKERS = ("extractall", "extract", "unpack_archive")


def check(project: Project) -> Iterator[Hit]:
    """Databases in /tmp; files that are read before the same function writes them; files that only another one writes."""
    functions = [one for one in project.functions if one.code is not None and one.listed]
    writers = {file.path: one for one in functions for file in temporary.made(one) if file.fixed}
    for function in functions:
        own = {file.path: file for file in temporary.made(function) if file.fixed}
        for path, place, where in _opened(function):
            if where is None:
                yield Hit(place, f"{path} is kept where only this environment has it", function)
            elif _unpacked(path, where):
                continue
            elif path in own and own[path].where.node is where.node and place.line < own[path].node.lineno:
                yield Hit(place, f"{path} is what this environment wrote last, or is not there", function)
            elif path not in own and path in writers and writers[path].stack is function.stack:
                yield Hit(
                    place,
                    f"{path} is written by {writers[path].id}, in an environment of its own",
                    function,
                    level="error",
                )


def _opened(function: Function) -> Iterator[tuple[str, Place, Reached | None]]:
    """Paths in /tmp that are read, with where; for a database the last is None."""
    for one in reached(function):
        for node in one.nodes:
            if isinstance(node, ast.Call) and node.args:
                name = one.module.dotted(node.func)
                path = fold(node.args[0], one.module, one)
                if isinstance(path, str) and temporary.in_tmp(path):
                    if name in _DATABASES:
                        yield path, one.place(node), None
                    elif name in ("open", "io.open") and _reads(node, one):
                        yield path, one.place(node), one


def _unpacked(path: str, one: Reached) -> bool:
    """Whether an archive is unpacked above that path in the same function."""
    for node in one.nodes:
        if isinstance(node, ast.Call) and chain(node.func).rpartition(".")[2] in _UNPACKERS:
            given = [*node.args, *(word.value for word in node.keywords)]
            above = [fold(argument, one.module, one) for argument in given]
            if any(isinstance(folder, str) and path.startswith(folder.rstrip("/") + "/") for folder in above):
                return True
    return False


def _reads(node: ast.Call, one: Reached) -> bool:
    given = node.args[1] if len(node.args) > 1 else keyword(node, "mode")
    mode = fold(given, one.module, one) if given is not None else "r"
    return isinstance(mode, str) and mode in ("r", "rb", "rt", "r+")


RULE = Rule(
    code="EXE005",
    title="/tmp is taken for what lasts, or for what is shared",
    level="warning",
    reliability="likely",
    production="/tmp belongs to one environment and goes with it, after minutes or hours: the count starts at nothing again,"
    " and two environments count apart.",
    mend="S3, DynamoDB, or EFS for what must last or be shared",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html",),
    seeds="000, 002, 004",
    silent="the file's name is not fixed, or it is written before it is read",
)
