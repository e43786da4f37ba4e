"""Work at import that may fail or hang."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Module, Reached, chain
from lambent.pitfalls.finding import Hit, Rule

HTTP = {"requests.get", "requests.post", "requests.put", "requests.request", "urllib.request.urlopen", "httpx.get",
        "httpx.post", "urllib.request.urlretrieve", "axios.get", "axios.post", "fetch", "node-fetch.default", "got.default",
        "socket.gethostbyname", "socket.gethostbyname_ex", "socket.getaddrinfo", "socket.create_connection"}  # fmt: skip
CONNECTS = {"psycopg2.connect", "pymysql.connect", "mysql.connector.connect", "pyodbc.connect",
            "psycopg.connect", "pg8000.connect", "pymssql.connect", "MySQLdb.connect", "snowflake.connector.connect"}  # fmt: skip
LOCAL = {"get_paginator", "get_waiter", "generate_presigned_url", "generate_presigned_post", "Table", "Bucket", "Object",
         "Queue", "Topic", "can_paginate", "close"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Requests, connections and SDK calls that run when the environment starts."""
    for function in project.functions:
        for module, statement in function.code.at_import if function.code is not None else ():
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    what = _network(node, module)
                    if what is not None:
                        yield Hit(module.place(node), f"{what} runs while the environment starts", function)


def _network(node: ast.Call, module: Module) -> str | None:
    name = module.dotted(node.func)
    if name in HTTP or name in CONNECTS:
        return name
    if isinstance(node.func, ast.Attribute) and node.func.attr not in LOCAL and not node.func.attr[:1].isupper():
        client = sdk.held(node.func.value, module, None)
        if client is not None and node.func.attr not in sdk.MAKERS and sdk.made(node, module, None) is None:
            return f"{client.service}.{node.func.attr}"
    return _called(node, module)


def _called(node: ast.Call, module: Module) -> str | None:
    """A function of the package, called at import, that does it."""
    target = module.package.resolve(module, chain(node.func)) if chain(node.func) else None
    runs = (ast.FunctionDef, ast.AsyncFunctionDef) if module.package.eager else ast.FunctionDef
    if target is None or not isinstance(target[1], runs):
        return None
    inner = Reached(target[0], target[1])
    for call in inner.nodes:
        if isinstance(call, ast.Call):
            if target[0].dotted(call.func) in HTTP | CONNECTS:
                return target[0].dotted(call.func)
            if isinstance(call.func, ast.Attribute) and (found := sdk.of(call, inner)) is not None:
                return f"{found.service}.{found.operation}" if found.operation not in LOCAL else None
    return None


RULE = Rule(
    code="EXE007",
    title="A network call at module level",
    level="warning",
    reliability="certain",
    production="When the other side is slow or down the environment does not start: Init is cut after 10 s, run again"
    " inside the invocation and billed, and every new environment fails in the same way.",
    mend="make the client at module level, make the call in the handler and keep its answer with an age",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="000, 002",
    silent="only a client is made, which calls nobody",
)
