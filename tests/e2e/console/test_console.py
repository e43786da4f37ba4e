"""The console in a real browser, beside a real server."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Deploy, Server
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
READY_SECONDS = 60


@dataclass
class Opened:
    """A tab in which the console was opened, and the console's origin."""

    tab: Tab
    origin: str

    def open(self, path: str) -> None:
        self.tab.open(self.origin + path)


@pytest.fixture(scope="module")
def console(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("console")
    command = [sys.executable, "-m", "lambent.cli.main", "console", "--no-open", "--endpoint", server.endpoint]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=env)
    try:
        assert process.stdout is not None
        watchdog = threading.Timer(READY_SECONDS, process.kill)
        watchdog.start()
        link = re.search(r"http://\S+", process.stdout.readline())
        watchdog.cancel()
        assert link is not None
        with tab(folder) as opened:
            opened.open(link[0])
            opened.until("!!document.querySelector('main')")
            yield Opened(opened, link[0].partition("/enter")[0])
    finally:
        process.terminate()
        assert process.wait(10) in (0, -signal.SIGTERM)


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
        "/stacks",
        "/clock",
        "/findings",
    ]
    pages += [f"/functions/{name}{part}" for part in ("", "/test", "/code", "/configuration", "/rights")]
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
