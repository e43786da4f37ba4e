"""Keys as S3 writes them."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """The key of an S3 record, taken without unquote_plus anywhere in the function."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                found = isinstance(node, ast.Subscript) and _path(node)[-3:] == ["s3", "object", "key"]
                if found and not _decodes(one):
                    yield Hit(one.place(_statement(node, one)), "the key is URL-encoded in the event", function)


def _path(node: ast.AST) -> list[object]:
    """`r["s3"]["object"]["key"]`, through `.get("s3")` and local names."""
    if isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return [*_path(node.value), key]
    return []


def _statement(node: ast.AST, one: Reached) -> ast.AST:
    while node in one.module.parents and not isinstance(node, ast.stmt):
        node = one.module.parents[node]
    return node


def _decodes(one: Reached) -> bool:
    for node in one.module.nodes:
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in ("unquote_plus", "unquote", "url_decode") or name.startswith(("S3Event", "S3Model")):
            return True
    return False


RULE = Rule(
    code="ESM010",
    title="The key of an S3 event is not decoded",
    level="error",
    reliability="certain",
    production='A space arrives as +, other letters as %XX: the first "my file.pdf" fails with NoSuchKey.',
    mend='urllib.parse.unquote_plus(record["s3"]["object"]["key"])',
    check=check,
    sources=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html",),
    seeds="002",
)
