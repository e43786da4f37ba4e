"""More connections than the database has."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import clients
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Module, fold
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.finding import Hit, Rule

SQL = {"psycopg2.connect", "psycopg.connect", "pymysql.connect", "mysql.connector.connect", "pg8000.connect", "pyodbc.connect",
       "pg.Client", "mysql.createConnection", "mysql2.createConnection", "mysql2/promise.createConnection"}  # fmt: skip
POOLS = {
    "psycopg2.pool.SimpleConnectionPool": (1, "maxconn"),
    "psycopg2.pool.ThreadedConnectionPool": (1, "maxconn"),
    "mysql.connector.pooling.MySQLConnectionPool": (1, "pool_size"),
    "psycopg_pool.ConnectionPool": (3, "max_size"),
    "sqlalchemy.create_engine": (99, "pool_size"),
    "pg.Pool": (99, "max"),
    "mysql.createPool": (99, "connectionLimit"),
    "mysql2.createPool": (99, "connectionLimit"),
    "mysql2/promise.createPool": (99, "connectionLimit"),
}


def check(project: Project) -> Iterator[Hit]:
    """A connection for each invocation without a proxy; pools of several in an environment that does one thing at a time."""
    for function in project.functions:
        if function.code is None:
            continue
        if not any(function.stack.of("AWS::RDS::DBProxy")) and not _by_proxy(function):
            for one, node, what in clients.each_time(function):
                if what in SQL:
                    yield Hit(
                        one.place(node), "every invocation opens a connection of its own to the database", function
                    )
        for module, statement in function.code.at_import:
            for made in ast.walk(statement):
                size = _pool(made, module) if isinstance(made, ast.Call) else None
                if size is not None and size > 1:
                    text = f"a pool of {size} in every environment, which uses one"
                    yield Hit(module.place(made), text, function, reliability="likely")


def _by_proxy(function: Function) -> bool:
    """Whether a variable, or a word of the code, names a proxy."""
    if any("proxy" in f"{name} {value}".lower() for name, value in function.environment.items()):
        return True
    nodes = (node for module in function.code.loaded for node in module.nodes)
    words = (
        getattr(node, "id", getattr(node, "value", "")) for node in nodes if isinstance(node, ast.Name | ast.Constant)
    )
    return any(isinstance(one, str) and "proxy" in one.lower() for one in words)


def _pool(node: ast.Call, module: Module) -> int | None:
    position, name = POOLS.get(module.dotted(node.func), (99, ""))
    given = node.args[position] if position < len(node.args) else keyword(node, name) if name else None
    size = fold(given, module) if given is not None else _in_options(node, name)
    return size if isinstance(size, int) else None


def _in_options(node: ast.Call, name: str) -> object:
    """A setting among the options of JavaScript."""
    for argument in node.args:
        for key, value in zip(argument.keys, argument.values, strict=True) if isinstance(argument, ast.Dict) else ():
            if isinstance(key, ast.Constant) and key.value == name and isinstance(value, ast.Constant):
                return value.value
    return None


RULE = Rule(
    code="CON008",
    title="Connections to the database are not bounded",
    level="warning",
    reliability="certain",
    production="Each environment has its connections, and each new one costs the database memory and a handshake: a burst of"
    " 200 is 200 connections (times the pool's size) at a database that has 100.",
    mend="one connection at module level, opened again when it is lost; RDS Proxy before the database",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html",),
    seeds="004",
    elsewhere="SonarQube S6243 sees the construction in the handler alone.",
    silent="the stack has an RDS Proxy, or a variable names one",
)
