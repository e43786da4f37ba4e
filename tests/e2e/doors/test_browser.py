"""A real browser (headless Chromium) at the doors: CORS and its preflights, a stream while it is written, a WebSocket;
and at what no page may reach."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Deploy, Server
from tests.e2e.doors import browser
from tests.e2e.doors.test_websocket_apis import api  # noqa: F401 - a fixture
from tests.e2e.lambda_.test_http_doors import STREAM, opened

CODE = """
import json

def handler(event, context):
    return {"statusCode": 200, "headers": {"x-shown": "1", "x-hidden": "1"}, "body": json.dumps(event["headers"])}
"""
ASK = """
const put = (host, headers) => fetch(`http://${host}/a`, {method: "PUT", headers, body: "x", mode: "cors"});
const found = {};
const allowed = await put("ALLOWED", {"x-own": "1"});
found.status = allowed.status;
found.shown = allowed.headers.get("x-shown");
found.hidden = allowed.headers.get("x-hidden");
found.own = (await allowed.json())["x-own"];
for (const [name, ask] of Object.entries({
  otherHeader: () => put("ALLOWED", {"x-other": "1"}),
  noCors: () => put("CLOSED", {}),
  api: () => fetch("ENDPOINT/2015-03-31/functions/"),
  ownPage: () => fetch("ENDPOINT/_lambent/health"),
  recycle: () => fetch("ENDPOINT/_lambent/recycle", {method: "POST", body: "{}"}),
})) {
  try { const answer = await ask(); found[name] = answer.status; } catch { found[name] = "refused"; }
}
return found;
"""
READ = """
const answer = await fetch("http://HOST/");
const reader = answer.body.getReader();
const parts = [], decoder = new TextDecoder(), began = performance.now();
for (;;) {
  const {done, value} = await reader.read();
  if (done) break;
  parts.push([decoder.decode(value), performance.now() - began]);
}
return parts;
"""
TALK = """
const socket = new WebSocket("ws://PLACE/dev");
const next = () => new Promise((done, failed) => {
  socket.onmessage = (event) => done(event.data);
  socket.onclose = failed;
});
await new Promise((done) => socket.onopen = done);
const first = next();
socket.send("hello");
const said = JSON.parse(await first);
const pushed = next();
socket.send(JSON.stringify({action: "push"}));
const text = await pushed;
const closed = new Promise((done) => socket.onclose = (event) => done(event.code));
socket.close(1000);
return [said.route, text, await closed];
"""

pytestmark = browser.needed
CORS = {"AllowOrigins": ["*"], "AllowMethods": ["PUT"], "AllowHeaders": ["x-own"], "ExposeHeaders": ["x-shown"]}


def test_a_page_asks_what_cors_lets_it_and_nothing_else(server: Server, deploy: Deploy, tmp_path: Path) -> None:
    host = opened(server, deploy(CODE), Cors=CORS)
    closed = opened(server, deploy(CODE))
    names = {"ALLOWED": host, "CLOSED": closed, "ENDPOINT": server.endpoint}
    script = ASK
    for name, value in names.items():
        script = script.replace(name, value)
    assert browser.run(script, tmp_path) == {
        **{"status": 200, "shown": "1", "hidden": None, "own": "1"},
        **dict.fromkeys(("otherHeader", "noCors", "api", "ownPage", "recycle"), "refused"),
    }


@pytest.mark.skipif(shutil.which("node") is None, reason="it needs Node.js")
def test_a_page_reads_a_stream_while_it_is_written(server: Server, deploy: Deploy, tmp_path: Path) -> None:
    node = {"Runtime": "nodejs22.x", "Handler": "index.handler", "files": {"index.js": STREAM}}
    host = opened(server, deploy("", **node), InvokeMode="RESPONSE_STREAM", Cors={"AllowOrigins": ["*"]})
    first, last = browser.run(READ.replace("HOST", host), tmp_path)
    assert (first[0], last[0]) == ("first", "second")
    assert last[1] - first[1] > 700


def test_a_page_talks_over_a_websocket(server: Server, api: str, tmp_path: Path) -> None:  # noqa: F811
    place = f"{api}.execute-api.us-east-1.localhost:{server.endpoint.rpartition(':')[2]}"
    assert browser.run(TALK.replace("PLACE", place), tmp_path) == ["$default", "pushed", 1000]
