"""Rows of the execution environment that limits make, on a real server: /tmp, timeout, memory, CPU, counts."""

import base64
import json
import re
import urllib.request
from typing import Any

from tests.e2e.conftest import Deploy, Server, restarted

TMP = """
import errno, os, time
def fill(path, megabytes):
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, megabytes << 20)
        except OSError as error:
            return errno.errorcode[error.errno]
    return "done"
def handler(event, context):
    found = sorted(os.listdir("/tmp"))
    said = fill("/tmp/" + event["name"], event["mb"]) if "mb" in event else None
    if event.get("then") == "sleep":
        time.sleep(60)
    if event.get("then") == "crash":
        os._exit(1)
    if "drop" in event:
        os.unlink("/tmp/" + event["drop"])
    room = os.statvfs("/tmp")
    return [found, said, room.f_blocks * room.f_frsize >> 20]
"""


def call(server: Server, function: str, **event: Any) -> Any:
    answer = server.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event), LogType="Tail")
    said = json.loads(answer["Payload"].read())
    return (said["errorType"], base64.b64decode(answer["LogResult"]).decode()) if "FunctionError" in answer else said


def recycle(server: Server, name: str) -> None:
    body = json.dumps({"account": "000000000000", "region": "us-east-1", "function": name}).encode()
    urllib.request.urlopen(f"{server.endpoint}/_lambent/recycle", data=body, timeout=10).close()


def test_a9_tmp_is_kept_while_warm_and_gone_afterwards(server: Server, deploy: Deploy) -> None:
    name = deploy(TMP)
    assert call(server, name, name="a", mb=1) == [[], "done", 512]
    assert call(server, name) == [["a"], None, 512]
    assert call(server, name, then="crash")[0] == "Runtime.ExitError"
    assert call(server, name) == [["a"], None, 512]
    recycle(server, name)
    assert call(server, name) == [[], None, 512]


def test_a9_tmp_has_the_configured_size(server: Server, deploy: Deploy) -> None:
    """Beyond the function's memory, which it is not charged to."""
    name = deploy(TMP, MemorySize=128)
    assert call(server, name, name="small", mb=200) == [[], "done", 512]
    assert call(server, name, name="large", mb=400, drop="large") == [["small"], "ENOSPC", 512]
    assert call(server, name, name="fits", mb=300) == [["small"], "done", 512]
    recycle(server, name)
    assert call(server, deploy(TMP, EphemeralStorage={"Size": 10_240})) == [[], None, 10_240]


def test_a10_a_timeout_keeps_the_environment_and_its_tmp(server: Server, deploy: Deploy) -> None:
    name = deploy(TMP, Timeout=2)
    kind, log = call(server, name, name="left", mb=1, then="sleep")
    assert kind == "Sandbox.Timedout"
    assert "Status: timeout" in log
    said = restarted(lambda: call(server, name), lambda answer: answer[0] == kind)
    assert said == [["left"], None, 512]


def test_a11_out_of_memory_is_reported_as_all_of_the_memory(server: Server, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return len(bytearray(event['mb'] << 20))\n", Timeout=20)
    kind, log = call(server, name, mb=400)
    assert kind == "Runtime.ExitError"
    assert re.search(
        r"Memory Size: 128 MB\tMax Memory Used: 128 MB\t.*Status: error\tError Type: Runtime.OutOfMemory", log
    )


BURN = """
import os, time
def handler(event, context):
    began, spent = time.monotonic(), time.process_time()
    while time.monotonic() - began < event["seconds"]:
        pass
    return (time.process_time() - spent) / (time.monotonic() - began)
"""


def test_a12_the_cpu_share_goes_by_memory(server: Server, deploy: Deploy) -> None:
    share = call(server, deploy(BURN, MemorySize=177, Timeout=20), seconds=1.5)
    if not server.keeps("cpu_share"):
        assert share > 0.14
        return
    assert 0.05 < share < 0.14  # 177 of 1,769 MB: a tenth
    more = call(server, deploy(BURN, MemorySize=885, Timeout=20), seconds=1.5)
    assert share < more < 0.65  # at most a half, of a machine that others use as well


COUNTS = """
import errno, os, threading
def handler(event, context):
    opened, why = [], None
    try:
        while True:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        why = errno.errorcode[error.errno]
    highest = max(opened)
    for one in opened:
        os.close(one)
    return [why, highest, *processes()]
def processes():
    threading.stack_size(64 << 10)
    stop, threads = threading.Event(), []
    try:
        while len(threads) < 2000:
            threads.append(threading.Thread(target=stop.wait))
            threads[-1].start()
    except RuntimeError:
        pass
    try:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        why = "done"
    except OSError as error:
        why = errno.errorcode[error.errno]
    stop.set()
    return [why, len(threads)]
"""


def test_b27_descriptors_and_processes_are_1024(server: Server, deploy: Deploy) -> None:
    descriptors, highest, processes, count = call(server, deploy(COUNTS, MemorySize=512, Timeout=60))
    assert (descriptors, highest) == ("EMFILE", 1023)
    assert processes == "EAGAIN"
    # Where the kernel counts by user alone, what else the user runs here counts as well.
    assert (1000 if server.keeps("process_limit") else 1) <= count <= 1024


WRITES = """
import errno, os
def handler(event, context):
    said = {}
    for place in event["places"]:
        try:
            open(os.path.join(place, "new"), "w").close()
            said[place] = "done"
        except OSError as error:
            said[place] = errno.errorcode[error.errno]
    return said
"""


def test_all_but_tmp_is_read_only(server: Server, deploy: Deploy) -> None:
    places = ["/", "/etc", "/home", "/mnt", "/opt", "/usr/lib", "/var/lang", "/var/runtime", "/var/task", "/var/tmp"]
    said = call(server, deploy(WRITES), places=[*places, "/tmp"])
    assert said == {**dict.fromkeys(places, "EROFS"), "/tmp": "done"}
