"""Objects of one event loop used in the next."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Module
from lambent.pitfalls.finding import Hit, Rule

MADE = {"aiohttp.ClientSession", "httpx.AsyncClient", "asyncio.Lock", "asyncio.Queue", "asyncio.Semaphore", "asyncio.Event",
        "asyncpg.create_pool", "motor.motor_asyncio.AsyncIOMotorClient"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Asynchronous clients at module level where the handler runs asyncio.run."""
    for function in project.functions:
        runs = any(
            isinstance(node, ast.Call) and one.module.dotted(node.func) == "asyncio.run"
            for one in reached(function)
            for node in one.nodes
        )
        for module, statement in function.code.at_import if runs else ():
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and module.dotted(node.func) in MADE:
                    yield Hit(
                        module.place(node), f"{_name(node, module)} outlives the loop that it is bound to", function
                    )


def _name(node: ast.Call, module: Module) -> str:
    return module.dotted(node.func)


RULE = Rule(
    code="EXE009",
    title="An asynchronous client at module level, used under asyncio.run",
    level="error",
    reliability="certain",
    production='asyncio.run makes a new loop in each invocation: the second warm one fails with "Event loop is closed" or'
    ' "attached to a different loop".',
    mend="keep one loop at module level (loop.run_until_complete), or make the client inside the coroutine",
    check=check,
    sources=("https://docs.python.org/3/library/asyncio-runner.html",),
    seeds="000, 002",
)
