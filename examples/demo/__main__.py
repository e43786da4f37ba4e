"""`python -m examples.demo`: the whole way, from nothing to opened links, in one go."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from examples.demo import job
from examples.demo.errors import DemoError, check
from examples.demo.server import Server
from examples.pdf_manifest import seed
from lambent.pitfalls import checking

EXAMPLES = Path(__file__).parents[1]
FIRST, TUNED = EXAMPLES / "footguns" / "pdf_function", EXAMPLES / "pdf_manifest"


@dataclass(frozen=True, slots=True)
class Result:
    """What the table at the end shows."""

    cold: job.Run
    warm: job.Run
    opened: int
    size: int


class Show:
    """Progress on a terminal; plain lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        columns = (SpinnerColumn("dots", finished_text="[green]✓"), TextColumn("{task.description:<28}"))
        self.progress = Progress(
            *columns,
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    @contextmanager
    def doing(self, what: str, total: int = 1) -> Iterator[job.Step]:
        """One step; call what it gives once per thing done."""
        started = time.monotonic()
        task = self.progress.add_task(what, total=total)
        yield lambda: self.progress.advance(task)
        self.progress.update(task, completed=total)
        if not self.console.is_terminal:
            self.console.print(f"✓ {what:<28} {time.monotonic() - started:6.2f} s")


def client_of(service: str, url: str) -> Any:
    """A plain boto3 client; any key will do."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="demo",
        aws_secret_access_key="demo",
        config=Config(read_timeout=60, retries={"total_max_attempts": 1}, max_pool_connections=16),
    )


def work(show: Show, server: Server) -> Result:
    """Upload, deploy, invoke twice, open everything."""
    s3, functions = client_of("s3", server.url), client_of("lambda", server.url)
    with show.doing("make PDFs", job.PDFS) as step:
        files = {}
        for name, content in seed.made(job.PDFS):
            files[name] = content
            step()
    with show.doing("upload PDFs and decoys", job.PDFS + len(job.DECOYS)) as step:
        job.fill(s3, files, step)
    with show.doing("deploy the function"):
        job.deploy(functions)
    with show.doing("invoke, cold"):
        cold = job.invoke(functions, cold=True)
    with show.doing("invoke, warm"):
        warm = job.invoke(functions, cold=False)
    check(cold.manifest_key != warm.manifest_key, "both runs wrote the same manifest")
    with show.doing("open every link", job.PDFS) as step:
        job.read_manifest(cold, files)
        lines = job.read_manifest(warm, files)
        size = job.open_links(lines, files, step)
    return Result(cold, warm, len(lines), size)


def table(result: Result, seconds: float) -> Table:
    """The end of the demo."""
    grid = Table(title="PDF manifest on Lambent", title_justify="left", show_header=False)
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, run in (("cold", result.cold), ("warm", result.warm)):
        grid.add_row(name, "  ".join(part for part in run.report.split("\t")[1:] if part))
    grid.add_row("manifest", f"{result.warm.count} PDFs, {result.warm.manifest_key}")
    grid.add_row("links opened", f"{result.opened}, {result.size:,} bytes, all as uploaded")
    grid.add_row("left behind", "no process, no mount, no file")
    grid.add_row("took", f"{seconds:.1f} s")
    return grid


def run(console: Console) -> None:
    """Raises DemoError, or what boto3 raises, at the first thing that is not right."""
    started = time.monotonic()
    show = Show(console)
    with show.progress, ExitStack() as stack:
        with show.doing("start Lambent"):
            server = stack.enter_context(Server())
        result = work(show, server)
        with show.doing("clean up"):
            stack.close()
    for report in (result.cold.report, result.warm.report):
        print(report.strip())
    console.print(table(result, time.monotonic() - started))
    console.print(footguns())


def footguns() -> Table:
    """What `lambent check` finds in the function as it is often written first, beside the one that ran here."""
    grid = Table(title="Footguns found by lambent check", title_justify="left")
    for heading in ("", "code", "line", "what"):
        grid.add_column(heading)
    for name, folder in (("written first", FIRST), ("as it ran here", TUNED)):
        findings = checking.check(folder).findings
        for index, one in enumerate(findings):
            grid.add_row(name if index == 0 else "", one.code, str(one.place.line), one.message)
        if not findings:
            grid.add_row(name, "", "", "nothing", style="green")
    return grid


def main() -> int:
    """The exit status."""
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    console = Console(highlight=False)
    try:
        run(console)
    except (DemoError, ClientError, BotoCoreError, OSError) as error:
        console.print(f"[red]✗ {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
