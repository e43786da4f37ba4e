"""The console in a real browser, beside a real server."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from tests.e2e.conftest import RUNTIME, Deploy, Server, package
from tests.e2e.console.chromium import Tab, tab
from tests.e2e.doors import browser

pytestmark = browser.needed
CODE = """
def handler(event, context):
    print("order <script>window.attacked = 1</script>", event["order"])
    return {"order": event["order"] * 2, "page": "<img src=x onerror='window.attacked = 1'>"}
"""
ASK = """Promise.all(["/functions", "/clock"].map((path) => fetch("ORIGIN" + path + "?attack", {
  mode: "MODE", credentials: "include", ...(path == "/clock" ? {method: "POST", body: "by=1h"} : {}),
}).then((answer) => answer.type, () => "refused")))"""
SHIFTS = """new Promise((done) => {
  let sum = 0;
  const watch = new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; });
  watch.observe({type: "layout-shift"});
  document.addEventListener("htmx:afterSettle", () => setTimeout(() => done(sum), 300), {once: true});
})"""
TABS = ("test", "code", "configuration", "rights", "tune")
OTHERS = ("/part/cost", "/findings", "/sources", "/logs", "/traces", "/dashboards", "/stacks", "/clock")
READY_SECONDS = 60
MANY = "444455556666"
"""An account with many functions."""


@dataclass
class Opened:
    """A tab in which the console was opened, and the console's origin."""

    tab: Tab
    origin: str

    def open(self, path: str) -> None:
        self.tab.open(self.origin + path)


@contextmanager
def served(server: Server, folder: Path, account: str = "") -> Iterator[str]:
    """A console; its link."""
    command = [sys.executable, "-m", "lambent.cli.main", "console", "--no-open", "--endpoint", server.endpoint]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x"} if account else {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=env)
    assert process.stdout is not None
    try:
        watchdog = threading.Timer(READY_SECONDS, process.kill)
        watchdog.start()
        link = re.search(r"http://\S+", process.stdout.readline())
        watchdog.cancel()
        assert link is not None
        yield link[0]
    finally:
        process.terminate()
        assert process.wait(10) in (0, -signal.SIGTERM)
        process.stdout.close()


@pytest.fixture(scope="module")
def console(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("console")
    with served(server, folder) as link, tab(folder) as opened:
        opened.open(link)
        opened.until("!!document.querySelector('main')")
        yield Opened(opened, link.partition("/enter")[0])


def test_a_function_is_invoked_and_its_log_is_live_and_nothing_of_it_runs(console: Opened, deploy: Deploy) -> None:
    name = deploy(CODE)
    console.open(f"/functions/{name}/test")
    console.tab.until("!document.querySelector('.log').innerText.includes('Reading')")
    console.tab.run("document.getElementById('payload').value = '{\"order\": 21}'")
    console.tab.run("document.querySelector('button.main').click()")
    assert "42" in console.tab.until("document.querySelector('#answer pre')?.innerText")
    log = console.tab.until(
        "/END RequestId/.test(document.querySelector('.log').innerText) && document.querySelector('.log').innerText"
    )
    assert "order <script>window.attacked = 1</script> 21" in log
    assert console.tab.run("window.attacked") is None


def test_a_file_is_changed_and_what_was_saved_runs(console: Opened, deploy: Deploy) -> None:
    name = deploy(CODE)
    console.open(f"/functions/{name}/code")
    console.tab.run("const field = document.querySelector('textarea'); field.value = field.value.replace('* 2', '* 3')")
    console.tab.run("document.querySelector('button.main').click()")
    console.tab.until("document.querySelector('#said').innerText.includes('is saved')")
    console.open(f"/functions/{name}/test")
    console.tab.run("document.getElementById('payload').value = '{\"order\": 21}'")
    console.tab.run("document.querySelector('button.main').click()")
    assert "63" in console.tab.until("document.querySelector('#answer pre')?.innerText")


def test_settings_and_variables_are_changed_and_seen(console: Opened, deploy: Deploy, server: Server) -> None:
    name = deploy(CODE)
    console.open(f"/functions/{name}/configuration")
    console.tab.run("document.querySelector('[name=MemorySize]').value = '320'")
    console.tab.run("document.querySelector('button.main').click()")
    console.tab.until("document.querySelector('#said-settings').innerText.includes('saved')")
    assert "320 MB" in console.tab.run("document.querySelector('#facts').innerText")
    console.tab.run("document.querySelector('#variables button:last-of-type').click()")
    console.tab.until("!!document.querySelector('[name=name0]')")
    console.tab.run("document.querySelector('[name=name0]').value = 'STAGE'")
    console.tab.run("document.querySelector('[name=value0]').value = 'dev'")
    console.tab.run("document.querySelector('#variables button.main').click()")
    console.tab.until("/STAGE\\s+hidden/.test(document.querySelector('#variables').innerText)")
    about = server.client("lambda").get_function_configuration(FunctionName=name)
    assert about["MemorySize"] == 320 and about["Environment"]["Variables"] == {"STAGE": "dev"}


def make_many(server: Server) -> None:
    client = boto3.client(
        "lambda", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=MANY,
        aws_secret_access_key="x", config=Config(max_pool_connections=8),
    )  # fmt: skip
    about = {"Runtime": RUNTIME, "Handler": "app.handler", "Role": f"arn:aws:iam::{MANY}:role/r"}
    code = {"ZipFile": package({"app.py": CODE})}
    with ThreadPoolExecutor(8) as pool:
        names = (f"one-of-many-{number:04}" for number in range(1000))
        list(pool.map(lambda name: client.create_function(FunctionName=name, Code=code, **about), names))


def test_a_page_is_there_at_once_with_a_thousand_functions(server: Server, tmp_path: Path) -> None:
    make_many(server)
    with served(server, tmp_path, MANY) as link:
        url = urlsplit(link)
        asking, headers = HTTPConnection("127.0.0.1", url.port or 0), {"Host": url.netloc}

        def ask(path: str) -> tuple[str, float]:
            began = time.monotonic()
            asking.request("GET", path, headers=headers)
            said = asking.getresponse()
            text = said.read().decode()
            headers.setdefault("Cookie", str(said.headers.get("Set-Cookie")).partition(";")[0])
            assert said.status == 200, text
            return text, time.monotonic() - began

        ask(f"{url.path}?{url.query}")
        one = "/functions/one-of-many-0500"
        pages = {"/": "1,000", "/functions": "one-of-many-0049", "/functions?q=0777": "one-of-many-0777"}
        pages |= dict.fromkeys((one, *(f"{one}/{part}" for part in TABS)), "one-of-many-0500")
        pages |= dict.fromkeys(OTHERS, "<")
        for path, part in pages.items():
            tries = [ask(path) for _ in range(4)]
            assert part in tries[-1][0]
            busy = max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0)
            assert min(seconds for _, seconds in tries) < 0.2 * busy, path
        asking.close()


def test_pages_fit_a_phone_complain_of_nothing_and_ask_nobody_else(
    console: Opened, deploy: Deploy, server: Server
) -> None:
    name = deploy(CODE)
    server.client("sqs").create_queue(QueueName="console-queue")
    pages = [
        "/",
        "/functions",
        "/sources",
        "/queues/console-queue",
        "/logs",
        "/traces",
        "/dashboards",
        "/stacks",
        "/clock",
        "/findings",
    ]
    pages += [f"/functions/{name}{part}" for part in ("", "/test", "/code", "/configuration", "/tune", "/rights")]
    console.tab.look(dark=True, width=390)
    try:
        for path in pages:
            console.open(path)
            assert console.tab.run("document.querySelectorAll('.trouble').length") == 0, path
            assert console.tab.run("document.documentElement.scrollWidth") <= 390, path
    finally:
        console.tab.look()
    assert console.tab.errors == []
    assert {url for url in console.tab.requested if not url.startswith(console.origin)} == set()


def test_what_is_updated_does_not_make_the_page_jump(console: Opened, deploy: Deploy) -> None:
    console.open(f"/functions/{deploy(CODE)}")
    assert console.tab.run(SHIFTS) < 0.05


def test_a_page_of_the_endpoint_gets_nothing_from_the_console_that_is_open(console: Opened, server: Server) -> None:
    tab = console.tab
    tab.open(f"{server.endpoint}/_lambent/health")
    asked = [tab.run(ASK.replace("ORIGIN", console.origin).replace("MODE", mode)) for mode in ("cors", "no-cors")]
    assert asked == [["refused", "refused"]] * 2
    tab.errors.clear()
