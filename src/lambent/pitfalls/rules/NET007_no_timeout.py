"""Calls that wait for ever."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.finding import Hit, Rule

CALLS = {f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "request")}
OPENS = {"urllib.request.urlopen": 2, "http.client.HTTPSConnection": 9, "http.client.HTTPConnection": 9, "smtplib.SMTP": 3,
         "socket.create_connection": 1}  # fmt: skip
NODE = ("https.request", "https.get", "http.request", "http.get")
"""Node's own, which have no bound either; a socket's is set by an option or a call."""
VERBS = ("get", "post", "put", "patch", "delete", "head", "request")
CLIENTS = {
    "axios": ("timeout", "signal", "cancelToken"),
    "got": ("timeout", "signal"),
    "superagent": ("timeout",),
    "request": ("timeout",),
    "request-promise": ("timeout",),
    "request-promise-native": ("timeout",),
}
"""Libraries of Node's that wait for ever as they come, and the words of those who bound them."""
DATABASES = {
    "psycopg2.connect": "connect_timeout",
    "psycopg.connect": "connect_timeout",
    "pymysql.connect": "read_timeout",
}
"""Drivers without a bound of their own, and the setting that gives one."""


def check(project: Project) -> Iterator[Hit]:
    """requests, urllib, Node's https and drivers of databases without a timeout. httpx has one of 5 s of its own."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and (
                    _waits(node, one) or _node_waits(node, one) or _client_waits(node, one)
                ):
                    name = one.module.dotted(node.func)
                    yield Hit(one.place(node), f"{name} without timeout waits for ever", function)


def _waits(node: ast.Call, one: Reached) -> bool:
    name = one.module.dotted(node.func)
    if name in DATABASES:
        bounds = (None, "connect_timeout", DATABASES[name])
        return not any(word.arg in bounds for word in node.keywords) and bool(node.keywords)
    if name.endswith(".request") and _pool(name.removesuffix(".request"), one):
        return not any(word.arg in (None, "timeout") for word in node.keywords)
    if name not in CALLS and name not in OPENS:
        return False
    given = {word.arg for word in node.keywords}
    return "timeout" not in given and None not in given and len(node.args) <= OPENS.get(name, 9)


def _node_waits(node: ast.Call, one: Reached) -> bool:
    """Of Node's: options that stand there and have no timeout, and nobody sets one."""
    if one.module.path.endswith(".py") or chain(node.func) not in NODE or not node.args:
        return False
    options = [one.locals.get(arg.id, arg) if isinstance(arg, ast.Name) else arg for arg in node.args]
    known = [arg for arg in options if isinstance(arg, ast.Dict)]
    words = {key.value for arg in known for key in arg.keys if isinstance(key, ast.Constant)}
    whole = bool(known) and all(key is not None for arg in known for key in arg.keys)
    set_later = any(isinstance(inner, ast.Attribute) and inner.attr == "setTimeout" for inner in one.everything)
    told = any(isinstance(inner, ast.Constant) and inner.value == "timeout" for inner in one.everything)
    return whole and not words & {"timeout", "signal", "agent"} and not set_later and not told


def _client_waits(node: ast.Call, one: Reached) -> bool:
    """Of a library of Node's: nothing in the module, or around it, speaks of a bound."""
    if one.module.path.endswith(".py"):
        return False
    name, _, verb = one.module.dotted(node.func).removesuffix(".default").partition(".")
    name, verb = name.removesuffix(".default"), verb.removeprefix("default.").removeprefix("default")
    if name not in CLIENTS or (verb and verb not in VERBS) or not node.args:
        return False
    words = CLIENTS[name]
    return not any(
        (isinstance(inner, ast.Constant) and inner.value in words)
        or (isinstance(inner, ast.Attribute) and inner.attr in words)
        or (isinstance(inner, ast.keyword) and inner.arg in (*words, None))
        for module in one.module.package.loaded
        if not module.path.endswith(".py")
        for inner in module.nodes
    )


def _pool(name: str, one: Reached) -> bool:
    """Whether a name holds urllib3's pool without a timeout of its own."""
    made = one.locals.get(name) or one.module.constants.get(name)
    pooled = isinstance(made, ast.Call) and one.module.dotted(made.func) == "urllib3.PoolManager"
    return pooled and not any(word.arg in (None, "timeout") for word in made.keywords)  # type: ignore[union-attr]


RULE = Rule(
    code="NET007",
    title="A network call has no timeout",
    level="warning",
    reliability="certain",
    production="When the other side hangs the function waits until it is killed: the whole timeout is billed, and the log"
    ' says only "Task timed out".',
    mend="timeout=(3, 10), below the function's own",
    check=check,
    node=True,
    sources=(
        "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts",
        "https://nodejs.org/api/http.html#httprequesturl-options-callback",
    ),
    seeds="000, 001",
    elsewhere="SonarQube S7618, bandit B113, ruff S113.",
)
