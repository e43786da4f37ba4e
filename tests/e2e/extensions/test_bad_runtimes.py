"""Runtimes that break the rules: their callers get AWS's answer, nobody else notices, nothing is left."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import Deploy, Server
from tests.e2e.extensions.runtime_kit import BOOTSTRAP, custom, invoke, logged
from tests.e2e.test_leaks import descriptors, more, steady

RUNTIME = """
import signal, socket, subprocess, threading
last = ["none"]

def raw(data):
    with socket.create_connection(tuple(host.split(":"))) as sock:
        sock.settimeout(5)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return sock.recv(4096)

GARBAGE = [
    b"\\x00\\xff" * 3000,
    b"GET " + b"/x" * 2_000_000,
    b"POST /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nContent-Length: 99999999999\\r\\n\\r\\n",
    b"GET /2018-06-01/runtime/invocation//response HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n",
    b"POST /2020-01-01/extension/register HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\n[[",
    b"GET /2020-01-01/extension/event/next HTTP/1.1\\r\\nLambda-Extension-Identifier: x\\r\\n\\r\\n",
    b"PUT /2022-07-01/telemetry HTTP/1.1\\r\\nContent-Length: 3\\r\\n\\r\\n{{{",
    b"GET /2018-06-01/runtime/restore/next HTTP/1.1\\r\\n\\r\\n",
]

def garbage():
    answers = []
    for data in GARBAGE:
        try:
            answers.append(raw(data)[9:12].decode())
        except OSError:
            answers.append("cut")
    return answers

def handle(request_id, event):
    how, answer = event["how"], PATH + request_id + "/response"
    if how == "twice":
        post(answer, b'"first"')
        last[0] = post(answer, b'"second"')
    elif how == "other":
        said = post(PATH + "8e2f6f35-3c0c-4d45-9a52-000000000000/response", b'"stolen"')
        post(answer, json.dumps(said))
    elif how == "garbage":
        post(answer, json.dumps(garbage()))
    elif how == "close":
        post(answer, b"1")
        os.closerange(0, 1024)
        time.sleep(60)
    elif how == "closed":
        os.closerange(0, 3)
        post(answer, b'"still there"')
    elif how == "daemon":
        subprocess.Popen("(setsid sleep 1000 &) ; (sleep 1000 &)", shell=True, start_new_session=True)
        post(answer, b"1")
    elif how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    elif how == "next":
        connection = http.client.HTTPConnection(host)
        connection.request("GET", PATH + "next")
        post(answer, str(connection.getresponse().status).encode())
    elif how == "last":
        post(answer, json.dumps(last[0]))
    elif how == "many":
        held = [socket.create_connection(tuple(host.split(":"))) for _ in range(200)]
        for sock in held:
            sock.close()
        post(answer, b'"survived"')

serve(handle)
"""


@pytest.fixture(scope="module")
def bad(server: Server) -> str:
    """The function's name."""
    return custom(server, "bad-runtime", BOOTSTRAP + RUNTIME)


def test_the_first_answer_counts(server: Server, bad: str) -> None:
    assert invoke(server, bad, {"how": "twice"}) == ("first", None)
    status, text = invoke(server, bad, {"how": "last"})[0]
    assert (status, json.loads(text)["errorType"]) == (403, "InvalidStateTransition")


def test_an_answer_for_another_request_is_refused(server: Server, bad: str) -> None:
    status, text = invoke(server, bad, {"how": "other"})[0]
    assert (status, json.loads(text)) == (400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"})


def test_asking_for_more_before_answering_is_refused(server: Server, bad: str) -> None:
    assert invoke(server, bad, {"how": "next"}) == (403, None)


def test_garbage_is_refused_and_changes_nothing(server: Server, bad: str) -> None:
    answers, error = invoke(server, bad, {"how": "garbage"})
    assert error is None
    assert answers.pop(1) in ("431", "cut")  # the answer comes while the request is still sent
    assert answers == ["400", "", "400", "403", "403", "403", "501"]
    assert invoke(server, bad, {"how": "many"}) == ("survived", None)


def test_descriptors_closed_and_daemons_left_harm_nobody(server: Server, deploy: Deploy) -> None:
    bad = custom(server, "bad-and-brief", BOOTSTRAP + RUNTIME, Timeout=2)
    good = deploy("def handler(event, context):\n    return 'well'")
    invoke(server, good)
    before, open_before = steady(server), descriptors(server)
    with ThreadPoolExecutor() as pool:
        hows = ("closed", "close", "daemon", "deaf")
        waiting = {how: pool.submit(invoke, server, bad, {"how": how}) for how in hows}
        for _ in range(20):
            assert invoke(server, good) == ("well", None)
    assert waiting["closed"].result() == ("still there", None)
    assert waiting["close"].result() == (1, None)
    assert waiting["daemon"].result() == (1, None)
    assert waiting["deaf"].result()[0]["errorType"] == "Sandbox.Timedout"
    logged(server, bad, "Task timed out")
    server.client("lambda").delete_function(FunctionName=bad)
    assert not more(server, before)
    assert descriptors(server) <= open_before + 8
