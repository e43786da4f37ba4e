"""Clients and connections that are made anew in each invocation."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.python import Reached, chain, fold
from lambent.pitfalls.facts.tree import Unknown

CONNECTS = {
    "@slack/web-api.WebClient", "MySQLdb.connect", "aiomysql.connect", "asyncpg.connect", "cx_Oracle.connect",
    "elasticsearch.Elasticsearch", "ioredis.default", "kafka.KafkaConsumer", "kafka.KafkaProducer",
    "mariadb.connect", "mongodb.MongoClient", "mongodb.MongoClient.connect", "mongoengine.connect",
    "mysql.connector.connect", "mysql.createConnection", "mysql.createPool", "mysql2.createConnection",
    "mysql2/promise.createConnection", "neo4j.GraphDatabase.driver", "openai.OpenAI", "openai.default",
    "opensearchpy.OpenSearch", "oracledb.connect", "peewee.MySQLDatabase", "peewee.PostgresqlDatabase", "pg.Client",
    "pg.Pool", "pg8000.connect", "psycopg.connect", "psycopg2.connect", "pymemcache.client.base.Client",
    "pymongo.MongoClient", "pymssql.connect", "pymysql.connect", "pyodbc.connect", "redis.Redis",
    "redis.StrictRedis", "redis.createClient", "redshift_connector.connect", "slack_sdk.WebClient",
    "snowflake.connector.connect", "sqlalchemy.create_engine", "stripe", "stripe.StripeClient", "stripe.default",
    "twilio", "twilio.default", "twilio.rest.Client",
}  # fmt: skip
MOST_NAMES = 4
"""Attributes that are set to one another."""
_SESSION = {"requests.Session", "requests.session", "httpx.Client"}


def each_time(function: Function) -> Iterator[tuple[Reached, ast.Call, str]]:
    """Where one is made in what the handler reaches, with nothing of the event in it, and what it is."""
    for one in reached(function):
        parameters = {arg.arg for arg in ast.walk(one.node.args) if isinstance(arg, ast.arg)} - _fixed(one)
        for node in one.nodes:
            if isinstance(node, ast.Call):
                what = _made(node, one)
                if what and not _depends(node, one, _tainted(one, parameters)) and not _kept(node, one):
                    yield one, node, what


def _made(node: ast.Call, one: Reached) -> str | None:
    name = one.module.dotted(node.func)
    if name in CONNECTS | _SESSION:
        return name
    owner = one.module.constants.get(name.partition(".")[0])
    session = one.module.dotted(owner.func) if isinstance(owner, ast.Call) else ""
    if name.startswith(("aioboto3", "aiobotocore")) or session.startswith(("aioboto3", "aiobotocore")):
        return None  # such a client belongs to its loop
    client = sdk.made(node, one.module, one)
    if client is not None and client.kind in sdk.MAKERS:
        return f"the {client.kind} of {client.service}"
    return None


def _tainted(one: Reached, parameters: set[str]) -> set[str]:
    """Parameters, and locals that are made of them."""
    found = set(parameters)
    for _ in range(4):
        for name, values in one.bindings.items():
            if any(isinstance(inner, ast.Name) and inner.id in found for value in values for inner in ast.walk(value)):
                found.add(name)
    return found


def _fixed(one: Reached) -> set[str]:
    """Parameters of a helper that are the same in every call: their default, or what stands in the code."""
    calls = one.module.package.callers.get(id(one.node), [])
    names = [arg.arg for arg in one.node.args.args]
    defaults = names[len(names) - len(one.node.args.defaults) :]
    return {name for at, name in enumerate(names) if calls and all(_same(call, at, name, defaults) for call in calls)}


def _same(call: tuple[Reached, ast.Call], at: int, name: str, defaults: list[str]) -> bool:
    caller, node = call
    if any(isinstance(arg, ast.Starred) for arg in node.args) or any(word.arg is None for word in node.keywords):
        return False
    value = node.args[at] if at < len(node.args) else sdk.keyword(node, name)
    return name in defaults if value is None else not isinstance(fold(value, caller.module, caller), Unknown)


def _depends(node: ast.Call, one: Reached, parameters: set[str]) -> bool:
    """Whether anything but constants of the module goes in: a tenant's credentials, a region of the event."""
    arguments = [*node.args, *(word.value for word in node.keywords)]
    if any(word.arg in ("aws_access_key_id", "aws_session_token") for word in node.keywords):
        return True
    names = {name for argument in arguments for name in _names(argument, one)}
    owner = chain(node.func).partition(".")[0]
    return bool(names & parameters) or owner in parameters


def _names(argument: ast.expr, one: Reached, depth: int = 0) -> Iterator[str]:
    """The names that go in; for an attribute that the same function set in its object, what it was set to."""
    own = chain(argument) if isinstance(argument, ast.Attribute) else ""
    if own.startswith("self.") and depth < MOST_NAMES:
        sets = [node.value for node in one.nodes if isinstance(node, ast.Assign) and own in map(chain, node.targets)]
        if sets:
            yield from (name for value in sets for name in _names(value, one, depth + 1))
            return
    if isinstance(argument, ast.Name):
        yield argument.id
    for inner in ast.iter_child_nodes(argument):
        yield from _names(inner, one, depth)  # type: ignore[arg-type]


def is_cached(one: Reached) -> bool:
    """Whether a decorator keeps what it answers: `functools.cache`, `cachetools.cached` and others by their names."""
    return any("cache" in chain(d.func if isinstance(d, ast.Call) else d).lower() for d in one.node.decorator_list)


def _kept(node: ast.Call, one: Reached) -> bool:
    """Whether it is kept for the next invocation: a cached function, a guarded global, an object of the module."""
    if is_cached(one) or (one.owner is not None and not _made_each_time(one)):
        return True  # the second: made in an object, which may live at module level
    outside = {name for inner in one.nodes if isinstance(inner, ast.Global) for name in inner.names}
    parent = one.module.parents.get(node)
    while isinstance(parent, ast.expr):
        parent = one.module.parents.get(parent)
    if isinstance(parent, ast.Assign):
        if any(isinstance(target, ast.Name) and target.id in outside for target in parent.targets):
            return one.node is not getattr(one.module.package.handler, "node", None) or _conditional(parent, one)
        if any(isinstance(target, ast.Subscript) for target in parent.targets):
            return True
    return called_at_import(one)


def _made_each_time(one: Reached) -> bool:
    """Whether objects of a class are made in the handler itself and nowhere else, so that none of them lives on."""
    package, handler = one.module.package, one.module.package.handler
    if handler is None or one.owner is None or one.owner.bases:
        return False
    inside = {id(node) for node in handler.nodes}
    makes = [node for module in package.loaded for node in module.nodes if _makes(node, one.owner.name)]
    kept = any(
        isinstance(handler.module.parents.get(node), ast.Assign) and _conditional(node, handler) for node in makes
    )
    return bool(makes) and all(id(node) in inside for node in makes) and not kept


def _makes(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and chain(node.func).rpartition(".")[2] == name


def _conditional(node: ast.AST, one: Reached) -> bool:
    """Whether a statement stands under an `if` (or `try`) of its function: it is not done each time."""
    if isinstance(getattr(node, "value", None), ast.BoolOp | ast.IfExp):
        return True
    while node in one.module.parents and node is not one.node:
        node = one.module.parents[node]
        if isinstance(node, ast.If | ast.Try):
            return True
    return False


def called_at_import(one: Reached) -> bool:
    """Whether a function is called when its module is imported."""
    return any(
        isinstance(inner, ast.Call) and chain(inner.func).rpartition(".")[2] == one.node.name
        for module, statement in one.module.package.at_import
        for inner in ast.walk(statement)
    )
