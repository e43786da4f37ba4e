"""One invocation with AWS's folders in place: run as `unshare --mount --net python inside.py VERSION TASK
CACHE`.

Makes /var/lang, /var/runtime, /var/lambent and /var/task in a mount namespace of its own as a sandbox
does, serves the Runtime API at 127.0.0.1:9001 of a network namespace of its own, and prints what the
function answered.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import harness

from lambent.runtime_api.server import RuntimeApi
from lambent.runtimes import clients, interpreters, python
from lambent.runtimes.place import Around, Folders

SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def prepare(binds: list[tuple[Path, str]]) -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var"], check=True)
    for source, target in binds:
        if not Path(target).exists():
            Path(target).mkdir(parents=True)
        subprocess.run(["mount", "--bind", str(source), target], check=True)


async def main(version: str, task: Path, cache: Path, more: dict[str, object]) -> None:
    interpreter = interpreters.find()[version]
    zygote = python.zygote_spec(interpreter, clients.folder_of(interpreter, cache))
    prepare([*((bind.source, bind.inside) for bind in zygote.binds), (task, "/var/task")])
    listener = socket.create_server(("127.0.0.1", 9001))
    heard = harness.Recorder()
    api = RuntimeApi(listener, heard)
    around = Around("127.0.0.1:9001", "stream", harness.KEYS, "http://127.0.0.1:4566")
    environment = python.environment(harness.function(interpreter, **more), around)
    environment["_LAMBDA_TELEMETRY_LOG_FD"] = "2"
    spec = python.process_spec(environment, Folders(task), {})
    told = {
        "paths": zygote.paths,
        "preload": zygote.preload,
        "environment": spec.environment,
        "entry": spec.entry,
        "cwd": spec.cwd,
    }
    process = await asyncio.create_subprocess_exec(
        *(str(interpreter.path), "-I", "-S", str(harness.FORKER), json.dumps(told)),
        stdin=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    runtime = harness.Runtime(api, heard, process, 0)
    said = await asyncio.wait_for(heard.said.get(), 30)
    if said[0] == "next":
        api.deliver(harness.invocation(b"{}"))
        said = await asyncio.wait_for(heard.said.get(), 30)
    print(json.dumps([said[0], json.loads(said[2])]))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    await runtime.exit_code()
    api.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4])))
