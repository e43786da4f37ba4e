"""Secrets in the log."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Place, Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.finding import Hit, Level, Reliability, Rule
from lambent.pitfalls.printing import logs

_CONTEXT = ("inject_lambda_context", "injectLambdaContext")
_ATTEMPTS = ("ClientRequestToken", "TaskToken", "taskToken", "NextToken", "ContinuationToken")
_SWITCH = re.compile(r"debug|verbose|(^|_)trace", re.I)
_HARMLESS = {"len", "type", "bool", "id", "sorted", "isinstance", "list"}
_SECRET = ("password", "passwd", "secret", "token", "api_key", "apikey", "credentials", "private_key", "access_key")
_NOT_SECRET = ("secret_name", "secret_id", "secret_arn", "token_count", "tokens", "next_token", "nexttoken",
               "continuation", "key_id", "max_token", "token_usage", "secretid", "secretarn")  # fmt: skip
_ABOUT = ("prefix", "suffix", "type", "length", "name", "count", "ttl", "expiry", "header")
"""At the end of a name: what is said about a secret, and is none."""


def check(project: Project) -> Iterator[Hit]:
    """Prints and log calls of the environment, of the whole event, of what is named as a secret."""
    for function in project.functions:
        handler = function.code.handler if function.code is not None else None
        for place in _by_library(handler):
            yield Hit(place, "the whole event goes to the log", function)
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and logs(node):
                    found = _leak(node, one, handler)
                    if found is not None:
                        what, level, reliability = found
                        reliability = "possible" if _switched(node, one) else reliability
                        yield Hit(one.place(node), f"{what} goes to the log", function, None, level, reliability)


def _switched(node: ast.AST, one: Reached) -> bool:
    """Whether a switch for debugging stands around it (`if (debug)`, `if DEBUG:`), or the level is one for it."""
    if isinstance(node, ast.Call) and chain(node.func).rpartition(".")[2] in ("debug", "trace"):
        return "console" not in chain(node.func)
    while node in one.module.parents and node is not one.node:
        node = one.module.parents[node]
        if isinstance(node, ast.If | ast.BoolOp | ast.IfExp):
            test = node.values[0] if isinstance(node, ast.BoolOp) else node.test
            if any(_SWITCH.search(getattr(inner, "id", getattr(inner, "attr", ""))) for inner in ast.walk(test)):
                return True
    return False


def _by_library(handler: Reached | None) -> Iterator[Place]:
    """Powertools' `@logger.inject_lambda_context(log_event=True)`, and its `logEvent: true` in JavaScript."""
    if handler is None:
        return
    decorators = [inner for one in handler.node.decorator_list for inner in ast.walk(one)]
    for node in handler.module.nodes if handler.module.package.eager else decorators:
        named = isinstance(node, ast.Call) and chain(node.func).rpartition(".")[2] in _CONTEXT
        words = [word for word in getattr(node, "keywords", ()) if word.arg == "log_event"] if named else []
        given = [one for one in getattr(node, "args", ()) if isinstance(one, ast.Dict)] if named else []
        pairs = [(key, value) for one in given for key, value in zip(one.keys, one.values, strict=True)]
        values = [word.value for word in words]
        values += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "logEvent"]
        yield from (handler.place(one) for one in values if isinstance(one, ast.Constant) and one.value is True)


def _leak(node: ast.Call, one: Reached, handler: Reached | None) -> tuple[str, Level, Reliability] | None:
    for argument in [*node.args, *(word.value for word in node.keywords)]:
        for inner in _shown(argument):
            if one.module.dotted(inner) == "os.environ":
                return "the whole environment", "error", "certain"
            name = chain(inner).lower()
            if _is_secret(name) and not (name == "token" and _of_a_request(one)):
                return f"{chain(inner)}", "error", "likely"
            if handler is not None and (one.node is handler.node or _handed_on(one, handler)) and _is_event(inner, one):
                return "the whole event", "warning", "certain"
            if handler is not None and one.node is handler.node and _is_content(inner, one):
                return f"{chain(inner) or 'what came'}, as it came", "warning", "likely"
    return None


def _handed_on(one: Reached, handler: Reached) -> bool:
    """Whether the handler hands the event itself on to a function, first of all."""
    calls = one.module.package.callers.get(id(one.node), [])
    return any(
        by.node is handler.node and node.args and isinstance(node.args[0], ast.Name) and _is_event(node.args[0], by)
        for by, node in calls
    )


def _is_content(node: ast.AST, one: Reached, depth: int = 0) -> bool:
    """Whether a value is a request's body, a record or all of them: what somebody sent, whole."""
    if depth > 4 or not isinstance(node, ast.expr):
        return False
    if isinstance(node, ast.Name):
        values = one.bindings.get(node.id, [])
        return any(_is_content(value, one, depth + 1) for value in values) or _is_record(node.id, one, depth)
    if isinstance(node, ast.Call):  # json.loads(event["body"])
        kept = chain(node.func) in ("json.loads", "json.dumps", "str", "JSON.parse")
        return bool(node.args) and kept and _is_content(node.args[0], one, depth + 1)
    if isinstance(node, ast.Subscript):
        whole = _key(node) in ("Records", "body", "records", "body-json")
        first = isinstance(_key(node), int) and _is_content(node.value, one, depth + 1)
        return first or (whole and (_is_event(node.value, one) or _is_content(node.value, one, depth + 1)))
    if isinstance(node, ast.Attribute):  # JavaScript's event.body
        return node.attr in ("body", "records") and (
            _is_event(node.value, one) or _is_content(node.value, one, depth + 1)
        )
    return False


def _is_record(name: str, one: Reached, depth: int) -> bool:
    """Whether a name is what a loop takes from the event's records, one after the other."""
    loops = (node for node in one.nodes if isinstance(node, ast.For) and chain(node.target) == name)
    return any(_is_content(node.iter, one, depth + 1) for node in loops)


def _of_a_request(one: Reached) -> bool:
    """Whether `token` is the name of an attempt, as rotations of secrets and changes of CloudFormation have one."""
    return any(isinstance(node, ast.Constant) and node.value in _ATTEMPTS for node in one.module.nodes)


def _is_event(node: ast.AST, one: Reached) -> bool:
    first = [*one.node.args.posonlyargs, *one.node.args.args][:1]
    if isinstance(node, ast.Name) and first and node.id == first[0].arg:
        return True
    return isinstance(node, ast.Subscript) and _is_event(node.value, one) and _key(node) == "headers"


def _key(node: ast.Subscript) -> object:
    return node.slice.value if isinstance(node.slice, ast.Constant) else None


def _is_secret(name: str) -> bool:
    last = name.rpartition(".")[2]
    harmless = last.endswith(_ABOUT) or any(word in last for word in _NOT_SECRET)
    return bool(name) and any(word in last for word in _SECRET) and not harmless


def _shown(node: ast.AST) -> Iterator[ast.AST]:
    """The values that end up in the text: through f-strings, +, %, format, json.dumps, str; not what is taken from."""
    yield node
    if isinstance(node, ast.Call):
        if chain(node.func) in _HARMLESS:
            return
        inner = [*node.args, *(word.value for word in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            inner.append(node.func.value)
        for argument in inner if _dumps(node) else ():
            yield from _shown(argument)
    elif isinstance(node, ast.JoinedStr | ast.BinOp | ast.FormattedValue | ast.Dict | ast.Tuple):
        for child in ast.iter_child_nodes(node):
            yield from _shown(child)


def _dumps(node: ast.Call) -> bool:
    name = chain(node.func)
    attribute = getattr(node.func, "attr", "")
    return name in ("json.dumps", "str", "repr", "dict", "dumps", "pformat", "pprint.pformat") or attribute == "format"


RULE = Rule(
    code="SEC005",
    title="The environment, the event or a secret is printed",
    level="warning",
    reliability="certain",
    production="CloudWatch keeps it, often for ever, for everybody who may read logs: tokens of headers, personal data,"
    " the role's temporary keys; at $0.50 a GB.",
    mend="log the few fields that are needed by name",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",),
    seeds="001, 002",
    elsewhere="CodeGuru aws-logged-credentials looks for credentials only.",
    silent="only parts of the event are logged",
)
