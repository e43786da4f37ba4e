"""Keys as S3 writes them."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import keys_taken, reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, above
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.printing import said

_DECODERS = ("unquote_plus", "unquote", "url_decode", "decodeURIComponent", "decodeURI", "unescape")


def check(project: Project) -> Iterator[Hit]:
    """The key of an S3 record, taken without unquote_plus anywhere in the function."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if _takes_key(node, one) and not said(node, one) and not _decodes(one):
                    yield Hit(one.place(_statement(node, one)), "the key is URL-encoded in the event", function)


def _takes_key(node: ast.AST, one: Reached) -> bool:
    """`r["s3"]["object"]["key"]`, `r.s3.object.key`, `const {key} = r.s3.object`."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        return keys_taken(node, one)[-3:] == ["s3", "object", "key"]
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return False
    names = {one.id for one in node.targets[0].elts if isinstance(one, ast.Name)}
    return "key" in names and keys_taken(node.value, one)[-2:] == ["s3", "object"]


def _statement(node: ast.AST, one: Reached) -> ast.AST:
    *_, last = (node, *above(node, one.module.parents, ast.stmt))
    return last


def _decodes(one: Reached) -> bool:
    for node in one.module.nodes:
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in _DECODERS or name.startswith(("S3Event", "S3Model")):
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
    node=True,
    sources=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html",),
    seeds="002",
)
