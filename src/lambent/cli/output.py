"""How results look: answers on stdout, remarks on stderr, colour only on a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

Row = Sequence[str]


def note(text: str) -> None:
    """One line about what happens, on stderr."""
    typer.secho(text, err=True, dim=True)


def finding(found: dict[str, str]) -> None:
    """What is worth knowing about a resource, on stderr."""
    typer.secho("note: ", err=True, fg=typer.colors.YELLOW, nl=False)
    typer.echo(f"{in_one_line(found)} [{found['code']}]", err=True)


def in_one_line(found: dict[str, str]) -> str:
    """`ARN: message hint`, as one line."""
    message = found["message"]
    end = "." if found["hint"] and message[-1:] not in ".!?:" else ""
    return f"{found['resource']}: {message}{end} {found['hint']}".rstrip()


def error(text: str) -> None:
    """The one line that says what went wrong, on stderr."""
    typer.secho("error: ", err=True, fg=typer.colors.RED, nl=False)
    typer.echo(text, err=True)


def document(value: Any) -> None:
    """One JSON document on stdout: indented on a terminal, one line otherwise."""
    indent = 2 if sys.stdout.isatty() else None
    typer.echo(json.dumps(value, indent=indent, default=str, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Row], *, right: Sequence[str] = ()) -> None:
    """A table without lines. `right` names the columns of numbers. Never cut when it is not a terminal."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    if sys.stdout.isatty():
        Console(markup=False, highlight=False, emoji=False).print(grid)
        return
    console = Console(markup=False, highlight=False, emoji=False, width=10_000)
    with console.capture() as written:
        console.print(grid)
    typer.echo("\n".join(line.rstrip() for line in written.get().splitlines()))


def size(count: int) -> str:
    """Bytes for people: `812 B`, `1.2 KB`, `48.0 MB` (1 KB = 1,024 bytes)."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"


def function_rows(functions: Iterable[dict[str, Any]]) -> list[Row]:
    """A row for each function configuration, under `FUNCTION_COLUMNS`."""
    return [
        (
            about["FunctionName"],
            about.get("Runtime", "-"),
            about.get("Handler", "-"),
            f"{about.get('MemorySize', 0)} MB",
            f"{about.get('Timeout', 0)} s",
            size(about.get("CodeSize", 0)),
            about.get("LastModified", "-")[:19].replace("T", " "),
        )
        for about in functions
    ]


FUNCTION_COLUMNS = ("name", "runtime", "handler", "memory", "timeout", "code", "modified")
FUNCTION_NUMBERS = ("memory", "timeout", "code")
