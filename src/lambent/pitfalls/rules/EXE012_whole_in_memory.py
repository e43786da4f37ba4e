"""All of it in memory."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule

_READS = ("read", "transformToString", "transformToByteArray", "toArray")


def check(project: Project) -> Iterator[Hit]:
    """Files read whole to be put, queues without a bound between producer and consumer, lists of all pages."""
    for function in project.functions:
        for call in effects.calling(function, "s3", "put_object"):
            body = call.arguments.get("Body")
            if body is not None and _read(body, call.where):
                yield Hit(call.place, "the whole file is read into memory to be put", function)
        for call in effects.calling(function, "s3", "get_object"):
            read = _whole(call)
            if read is not None and _of_event(call) and not _of_part(call):
                yield Hit(call.where.place(read), "the whole object is read into memory, however large it is", function)
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and _unbounded(node, one):
                    yield Hit(one.place(node), "the queue has no bound: the producer fills the memory", function)


def _read(node: ast.expr, one: Reached) -> bool:
    """`f.read()` of a file that was opened in the function."""
    value = one.locals.get(node.id, node) if isinstance(node, ast.Name) else node
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "read"):
        return False
    opened = one.bindings.get(chain(value.func.value), [])
    return not value.args and any(isinstance(one_, ast.Call) and chain(one_.func) == "open" for one_ in opened)


def _of_event(call: SdkCall) -> bool:
    """Whether the key is what an event of S3 names: then anybody who may upload says how large it is."""
    key = call.arguments.get("Key")
    for _ in range(3):
        key = call.where.locals.get(key.id) if isinstance(key, ast.Name) else key
    words = {node.value for node in ast.walk(key) if isinstance(node, ast.Constant)} if key is not None else set()
    attributes = {node.attr for node in ast.walk(key) if isinstance(node, ast.Attribute)} if key is not None else set()
    return {"s3", "object", "key"} <= words | attributes


def _of_part(call: SdkCall) -> bool:
    """Whether a part is asked for that has an end (`bytes=0-1023`, not `bytes=1024-`)."""
    said = call.fold("Range")
    return "Range" in call.arguments and not (isinstance(said, str) and said.endswith("-"))


def _whole(call: SdkCall) -> ast.Call | None:
    """The `read()` that reads its body, if it reads all of it; the SDK v2 for JavaScript does so by itself."""
    parents = call.where.module.parents
    if "aws-sdk" in {name.partition("/")[0].partition(".")[0] for name in call.where.module.imports.values()}:
        return None if getattr(parents.get(call.node), "attr", "") == "createReadStream" else call.node
    answer = parents.get(call.node)
    names = {chain(one) for one in answer.targets} if isinstance(answer, ast.Assign) else set()
    for node in call.where.nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _READS
            and not node.args
        ):
            inside = list(ast.walk(node.func.value))
            if call.node in inside or any(isinstance(one, ast.Name) and one.id in names for one in inside):
                return node
    return None


def _unbounded(node: ast.Call, one: Reached) -> bool:
    if one.module.dotted(node.func) not in ("asyncio.Queue", "queue.Queue") or node.args or node.keywords:
        return False
    parent = one.module.parents.get(node)
    targets = parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", node)]
    names = [chain(target) for target in targets]
    gets = {chain(n.func) for n in one.nodes if isinstance(n, ast.Call)}
    return any(f"{name}.put" in gets and f"{name}.get" in gets for name in names)


RULE = Rule(
    code="EXE012",
    title="Everything is held in memory",
    level="warning",
    reliability="likely",
    production="It grows with the input: at the memory's size the runtime is killed (Runtime.ExitError, signal: killed), all"
    " work lost, and tried again.",
    mend="upload_file streams in parts; give the queue a maxsize; work page by page",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",),
    seeds="002, 003",
)
