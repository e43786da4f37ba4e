"""`lambent watch --heap`: functions tell which variables of their modules grow, as long as somebody watches.

A variable of the function's asks for it (`runtimes/inside/lambent_heap.py` has what is told), so that its environments
are new ones at the beginning and at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from lambent.cli.errors import USAGE, CliError
from lambent.cli.target import WAIT_AT_ONCE, Target, at_once

VARIABLE = "LAMBENT_WATCH_HEAP"


@contextmanager
def told(target: Target, names: tuple[str, ...]) -> Iterator[None]:
    """These functions tell it. Raises CliError where none is named, and for what is no Python."""
    if not names:
        raise CliError("--heap needs the functions by name: it begins their environments anew", USAGE)
    client = at_once(target.client("lambda"))
    for name in names:
        runtime = client.get_function_configuration(FunctionName=name).get("Runtime", "")
        if not runtime.startswith("python"):
            raise CliError(f"--heap reads Python alone, and {name} is {runtime or 'an image'}", USAGE)
    done: list[str] = []
    try:
        for name in names:
            done.append(name)
            _set(client, name, "1")
        yield
    finally:
        for name in done:
            with suppress(client.exceptions.ClientError):
                _set(client, name, None)


def _set(client: Any, name: str, value: str | None) -> None:
    """Give a function the variable, or take it from it; others are left as they are."""
    found = client.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})
    variables = {
        **{key: said for key, said in found.items() if key != VARIABLE},
        **({VARIABLE: value} if value else {}),
    }
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAIT_AT_ONCE)
