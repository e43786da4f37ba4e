"""Writes docs/console.png: a function in the console after an hour of orders. Run as `python -m tools.console_picture`.

The server, the function, the invocations and the browser are real; between bursts the platform's clock is moved.
"""

import base64
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.conftest import RUNTIME, Server, package, start
from tests.e2e.console.chromium import Tab, tab

PICTURE = Path(__file__).parents[1] / "docs" / "console.png"
MINUTES, WIDTH, HEIGHT = 55, 1180, 900
ROLE = "arn:aws:iam::000000000000:role/orders"
CODE = """
import json
import random
import time

time.sleep(0.4)


def handler(event, context):
    time.sleep(random.uniform(0.05, 0.3) * event["lines"])
    if event["lines"] > 3:
        raise ValueError(f"order {event['order']} has too many lines")
    print(json.dumps({"order": event["order"], "lines": event["lines"]}))
    return {"order": event["order"]}
"""


def main() -> int:
    """0 when the picture is written."""
    with tempfile.TemporaryDirectory(prefix="lambent-picture-") as name:
        folder = Path(name)
        server = start(folder / "data", "--clock", "manual")
        try:
            orders(server)
            with console(server, folder) as link, tab(folder) as opened:
                opened.look(width=WIDTH, height=HEIGHT)
                opened.open(link)
                opened.until("!!document.querySelector('main')")
                opened.open(f"{link.partition('/enter')[0]}/functions/orders")
                PICTURE.write_bytes(shot(opened))
        finally:
            server.stop()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")
    return 0


def shot(opened: Tab) -> bytes:
    """A PNG of the page down to its environments."""
    bottom = opened.run("document.querySelector('.timeline').closest('section').getBoundingClientRect().bottom")
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": bottom + 16, "scale": 1}
    said = opened.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
    return base64.b64decode(said["data"])


def orders(server: Server) -> None:
    """A function, a queue that drives it, and an hour of work by the platform's clock."""
    client, dice = server.client("lambda", max_pool_connections=8), random.Random(7)  # noqa: S311
    code = {"ZipFile": package({"app.py": CODE})}
    client.create_function(
        FunctionName="orders", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, MemorySize=512, Timeout=10
    )
    client.get_waiter("function_active_v2").wait(FunctionName="orders", WaiterConfig={"Delay": 1})
    with ThreadPoolExecutor(8) as pool:
        for minute in range(MINUTES):
            wave = 2 + round(8 * abs((minute % 28) - 14) / 14)
            events = [{"order": f"o-{minute}-{n}", "lines": dice.choice((1, 1, 1, 2, 2, 4))} for n in range(wave)]
            list(pool.map(lambda event: invoke(client, event), events))
            if minute < MINUTES - 1:
                move(server)


def invoke(client: Any, event: dict[str, Any]) -> None:
    """Once; a function's error is a part of the picture."""
    client.invoke(FunctionName="orders", Payload=json.dumps(event))["Payload"].read()


def move(server: Server) -> None:
    """The clock, by a minute."""
    command = [sys.executable, "-m", "lambent.cli.main", "clock", "advance", "1m", "--endpoint", server.endpoint]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def console(server: Server, folder: Path) -> Iterator[str]:
    """The console's link, while it runs."""
    command = [sys.executable, "-m", "lambent.cli.main", "console", "--no-open", "--endpoint", server.endpoint]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        link = re.search(r"http://\S+", process.stdout.readline())
        assert link is not None
        time.sleep(2)  # clients of services are made beside
        yield link[0]
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
